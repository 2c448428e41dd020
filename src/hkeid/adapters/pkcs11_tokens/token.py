"""An open token: its certificates, and what their keys can do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from hkeid.adapters.pkcs11_tokens.failures import TokenRefused, pkcs11
from hkeid.kernel.errors import MalformedInput, Refused

_POSSESSION: Final = b"hkeid-pkcs11-possession-1\x00"
_CHALLENGE: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIdentity:
    """A certificate on a token, and the id by which its key is found.

    :ivar certificate: DER.
    :ivar key_id: ``CKA_ID``, the same for certificate and keys.
    """

    label: str
    key_id: bytes
    certificate: bytes


class OpenToken:
    """A session with a token; every call waits for its turn in the module.

    :param turn: lets one thread at a time into the module.
    """

    def __init__(
        self, turn: Callable[[], AbstractContextManager[None]], session: Any, label: str
    ) -> None:
        self._turn = turn
        self._session = session
        self._keys: dict[bytes, Any] = {}
        self._publics: dict[bytes, Any] = {}
        self.label = label

    def identities(self) -> tuple[TokenIdentity, ...]:
        """The X.509 certificates on the token that parse, by label.

        :raises hkeid.adapters.pkcs11_tokens.failures.TokenUnavailable: the token is gone.
        """
        attribute = pkcs11.Attribute
        wanted = {
            attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
            attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
        }
        with self._turn():
            found = [
                TokenIdentity(
                    label=str(one[attribute.LABEL]),
                    key_id=bytes(one[attribute.ID]),
                    certificate=bytes(one[attribute.VALUE]),
                )
                for one in self._session.get_objects(wanted)
            ]
        return tuple(sorted((one for one in found if _parses(one)), key=lambda one: one.label))

    def sign(self, identity: TokenIdentity, message: bytes) -> bytes:
        """Sign with the certificate's key: ECDSA (DER) with the curve's hash, or RSASSA-PKCS1-v1_5 with
        SHA-256 (RFC 8017 §8.2).

        :raises hkeid.adapters.pkcs11_tokens.failures.TokenRefused: ``key_absent``,
            ``algorithm_unsupported``.
        :raises hkeid.adapters.pkcs11_tokens.failures.TokenUnavailable: the token is gone or fails.
        """
        public = self._public(identity.certificate)
        if isinstance(public, ec.EllipticCurvePublicKey):
            digest = hashes.Hash(_curve_hash(public))
            digest.update(message)
            raw = self.sign_raw(identity.key_id, digest.finalize(), pkcs11.Mechanism.ECDSA)
            return _as_der(raw)
        if isinstance(public, rsa.RSAPublicKey):
            return self.sign_raw(identity.key_id, message, pkcs11.Mechanism.SHA256_RSA_PKCS)
        raise TokenRefused("algorithm_unsupported", detail=type(public).__name__)

    def prove_possession(self, identity: TokenIdentity, challenge: bytes) -> bytes:
        """A signature over a verifier's challenge; see :func:`verify_possession`.

        :param challenge: at least 16 bytes, fresh from the verifier.
        :raises hkeid.kernel.errors.MalformedInput: ``challenge_too_short``.
        :raises hkeid.kernel.errors.HkeidError: as :meth:`sign`.
        """
        return self.sign(identity, _statement(identity.certificate, challenge))

    def sign_raw(self, key_id: bytes, message: bytes, mechanism: Any) -> bytes:
        """What the mechanism makes of ``message``, with the private key of this ``CKA_ID``.

        :raises hkeid.adapters.pkcs11_tokens.failures.TokenRefused: ``key_absent``,
            ``algorithm_unsupported``.
        :raises hkeid.adapters.pkcs11_tokens.failures.TokenUnavailable: the token is gone or fails.
        """
        with self._turn():
            key = self._keys.get(key_id)
            if key is None:
                key = self._session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=key_id)
                self._keys[key_id] = key
            return bytes(key.sign(message, mechanism=mechanism))

    def generate_elliptic(self, key_id: bytes, label: str, curve: str) -> bytes:
        """Make a key pair in the token that never leaves it; gives the SubjectPublicKeyInfo (DER).

        :param curve: its name as in SEC 2 (``secp256r1``).
        :raises hkeid.adapters.pkcs11_tokens.failures.TokenUnavailable: the token is gone or fails.
        """
        from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

        attribute = pkcs11.Attribute
        with self._turn():
            parameters = self._session.create_domain_parameters(
                pkcs11.KeyType.EC,
                {attribute.EC_PARAMS: encode_named_curve_parameters(curve)},
                local=True,
            )
            public, _ = parameters.generate_keypair(
                id=key_id, label=label, store=True, private_template=self._never_leaves()
            )
            return bytes(encode_ec_public_key(public))

    def generate_rsa(self, key_id: bytes, label: str, bits: int) -> tuple[int, int]:
        """Make an RSA key pair in the token that never leaves it; gives modulus and exponent.

        :raises hkeid.adapters.pkcs11_tokens.failures.TokenUnavailable: the token is gone or fails.
        """
        attribute = pkcs11.Attribute
        with self._turn():
            public, _ = self._session.generate_keypair(
                pkcs11.KeyType.RSA,
                bits,
                id=key_id,
                label=label,
                store=True,
                private_template=self._never_leaves(),
            )
            modulus, exponent = public[attribute.MODULUS], public[attribute.PUBLIC_EXPONENT]
        return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")

    def delete_keys(self, key_id: bytes) -> None:
        """Delete the private and public key of this ``CKA_ID``, as far as they are there.

        :raises hkeid.adapters.pkcs11_tokens.failures.TokenUnavailable: the token is gone or fails.
        """
        with self._turn():
            self._keys.pop(key_id, None)
            for one in list(self._session.get_objects({pkcs11.Attribute.ID: key_id})):
                one.destroy()

    def _never_leaves(self) -> dict[Any, Any]:
        attribute = pkcs11.Attribute
        return {
            attribute.SENSITIVE: True,
            attribute.EXTRACTABLE: False,
            attribute.SIGN: True,
            attribute.DECRYPT: False,
            attribute.UNWRAP: False,
        }

    def _public(self, certificate: bytes) -> Any:
        """The key in a certificate, which is parsed once."""
        public = self._publics.get(certificate)
        if public is None:
            public = x509.load_der_x509_certificate(certificate).public_key()
            self._publics[certificate] = public
        return public


def verify_possession(certificate: bytes, challenge: bytes, proof: bytes) -> None:
    """Let a proof pass that the holder of the certificate's key made for this challenge. Whether the
    certificate is any good is another question.

    :raises hkeid.kernel.errors.Refused: ``possession_not_proved``.
    :raises hkeid.kernel.errors.MalformedInput: ``challenge_too_short``, ``certificate_malformed``.
    """
    statement = _statement(certificate, challenge)
    try:
        public = x509.load_der_x509_certificate(certificate).public_key()
    except ValueError:
        raise MalformedInput("certificate_malformed") from None
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(proof, statement, ec.ECDSA(_curve_hash(public)))
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(proof, statement, padding.PKCS1v15(), hashes.SHA256())
        else:
            raise Refused("possession_not_proved", detail=type(public).__name__)
    except InvalidSignature:
        raise Refused("possession_not_proved") from None


def _statement(certificate: bytes, challenge: bytes) -> bytes:
    """What is signed: never the bare challenge, so that it cannot be somebody's document."""
    if len(challenge) < _CHALLENGE:
        raise MalformedInput("challenge_too_short", field="challenge")
    return _POSSESSION + sha256(certificate).digest() + sha256(challenge).digest()


def _curve_hash(public: ec.EllipticCurvePublicKey) -> hashes.HashAlgorithm:
    if public.key_size > 384:
        return hashes.SHA512()
    return hashes.SHA384() if public.key_size > 256 else hashes.SHA256()


def _as_der(raw: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half = len(raw) // 2
    return encode_dss_signature(
        int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
    )


def _parses(identity: TokenIdentity) -> bool:
    try:
        x509.load_der_x509_certificate(identity.certificate)
    except ValueError:
        return False
    return True
