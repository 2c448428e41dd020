"""An open token: its certificates, and what their keys can do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from hkeid.adapters.pkcs11_tokens.failures import TokenRefused, TokenUnavailable, pkcs11
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.kernel.secret import Secret

if TYPE_CHECKING:
    from hkeid.adapters.pkcs11_tokens.logins import TokenName
    from hkeid.adapters.pkcs11_tokens.module import Pkcs11Module

_POSSESSION: Final = b"hkeid-pkcs11-possession-1\x00"
_CHALLENGE: Final = 16

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIdentity:
    """A certificate on a token, and the id by which its key is found.

    :ivar certificate: DER.
    :ivar key_id: ``CKA_ID``, the same for certificate and keys.
    """

    label: str
    key_id: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class _Opened:
    """A session of the library's, and whether it was opened just now."""

    session: Any
    new: bool


class OpenToken:
    """A token, for as long as it is used; every call waits for its turn in the module. The session is opened
    again, and the PIN presented again, when the token was away or the process forked. Get it by
    :meth:`Pkcs11Module.open`.
    """

    def __init__(
        self,
        module: Pkcs11Module,
        *,
        label: str | None,
        serial: str | None,
        pin: Secret | None,
        writes: bool,
        unattended: bool = False,
    ) -> None:
        self._module = module
        self._wanted = (label, serial)
        self._pin = pin
        self._writes = writes
        self._unattended = unattended
        self._name: TokenName | None = None
        self._session: Any = None
        self._generation = -1
        self._closed = False
        self._keys: dict[bytes, Any] = {}
        self._publics: dict[bytes, Any] = {}
        self.label = label or ""

    def open(self) -> None:
        """Find the token and log in, now rather than at the first use.

        :raises hkeid.kernel.errors.HkeidError: as :meth:`Pkcs11Module.open`.
        """
        self._with(lambda _: None)

    def close(self) -> None:
        """End the session, and the login if nobody else uses it. Afterwards every call is refused."""
        self._closed = True
        self._module.quietly(self._end)

    def identities(self) -> tuple[TokenIdentity, ...]:
        """The X.509 certificates on the token that parse, by label.

        :raises hkeid.adapters.pkcs11_tokens.failures.TokenUnavailable: the token is gone.
        """
        attribute = pkcs11.Attribute
        wanted = {
            attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
            attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
        }

        def read(opened: _Opened) -> list[TokenIdentity]:
            return [
                TokenIdentity(
                    label=str(one[attribute.LABEL]),
                    key_id=bytes(one[attribute.ID]),
                    certificate=bytes(one[attribute.VALUE]),
                )
                for one in _found(opened, wanted)
            ]

        found = self._with(read)
        return tuple(sorted((one for one in found if _parses(one)), key=lambda one: one.label))

    def sign(self, identity: TokenIdentity, message: bytes) -> bytes:
        """Sign with the certificate's key: ECDSA (DER) with the curve's hash, RSASSA-PKCS1-v1_5 with SHA-256
        (RFC 8017 §8.2), or Ed25519 (RFC 8032 §5.1) where the token has ``CKM_EDDSA``.

        :raises hkeid.adapters.pkcs11_tokens.failures.TokenRefused: ``key_absent``, ``key_refused``,
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
        if isinstance(public, ed25519.Ed25519PublicKey):
            return self.sign_raw(identity.key_id, message, pkcs11.Mechanism.EDDSA)
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

        :raises hkeid.adapters.pkcs11_tokens.failures.TokenRefused: ``key_absent``, ``key_refused``,
            ``algorithm_unsupported``.
        :raises hkeid.adapters.pkcs11_tokens.failures.TokenUnavailable: the token is gone or fails.
        """

        def sign(opened: _Opened) -> bytes:
            key = self._keys.get(key_id)
            if key is None:
                key = self._keys[key_id] = self._private_key(opened, key_id)
            return bytes(key.sign(message, mechanism=mechanism))

        return self._with(sign)

    def generate_elliptic(self, key_id: bytes, label: str, curve: str) -> bytes:
        """Make a key pair in the token that never leaves it; gives the SubjectPublicKeyInfo (DER). It is not
        tried a second time: after a failure there may be a key of this ``CKA_ID``, or none.

        :param curve: its name as in SEC 2 (``secp256r1``).
        :raises hkeid.adapters.pkcs11_tokens.failures.TokenUnavailable: the token is gone or fails.
        """
        from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

        attribute = pkcs11.Attribute

        def generate(opened: _Opened) -> bytes:
            parameters = opened.session.create_domain_parameters(
                pkcs11.KeyType.EC,
                {attribute.EC_PARAMS: encode_named_curve_parameters(curve)},
                local=True,
            )
            public, _ = parameters.generate_keypair(
                id=key_id, label=label, store=True, private_template=_never_leaves()
            )
            return bytes(encode_ec_public_key(public))

        return self._with(generate, again=False)

    def generate_rsa(self, key_id: bytes, label: str, bits: int) -> tuple[int, int]:
        """Make an RSA key pair in the token that never leaves it; gives modulus and exponent. As
        :meth:`generate_elliptic`, it is not tried a second time.

        :raises hkeid.adapters.pkcs11_tokens.failures.TokenUnavailable: the token is gone or fails.
        """
        attribute = pkcs11.Attribute

        def generate(opened: _Opened) -> tuple[bytes, bytes]:
            public, _ = opened.session.generate_keypair(
                pkcs11.KeyType.RSA,
                bits,
                id=key_id,
                label=label,
                store=True,
                private_template=_never_leaves(),
            )
            return public[attribute.MODULUS], public[attribute.PUBLIC_EXPONENT]

        modulus, exponent = self._with(generate, again=False)
        return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")

    def delete_keys(self, key_id: bytes) -> None:
        """Delete the private and public key of this ``CKA_ID``, as far as they are there.

        :raises hkeid.adapters.pkcs11_tokens.failures.TokenUnavailable: the token is gone or fails.
        """
        attribute, kinds = pkcs11.Attribute, pkcs11.ObjectClass

        def delete(opened: _Opened) -> None:
            self._keys.pop(key_id, None)
            for kind in (kinds.PRIVATE_KEY, kinds.PUBLIC_KEY):
                wanted = {attribute.CLASS: kind, attribute.ID: key_id}
                for one in _found(opened, wanted):
                    one.destroy()

        self._with(delete)

    # --- details ----------------------------------------------------------------------------------

    def _with(self, work: Callable[[_Opened], T], *, again: bool = True) -> T:
        """Let ``work`` have the session."""
        if self._closed:
            raise TokenUnavailable("token_removed", detail="closed by the program")

        def attempt() -> T:
            new = self._generation != self._module.generation
            if new:
                self._begin()
            return work(_Opened(self._session, new))

        if not again:
            self.open()
        return self._module.enter(attempt, again=again)

    def _begin(self) -> None:
        """A session of the module's present generation."""
        from hkeid.adapters.pkcs11_tokens.module import describe

        self._keys.clear()
        token = self._module.find(*self._wanted)
        description = describe(token)
        name = (description.label, description.serial)
        if self._pin is None:
            self._session = token.open(rw=self._writes)
        else:
            self._session = self._module.logins.open(
                token, name, self._pin, writes=self._writes, again=self._unattended
            )
        self._name, self.label, self._unattended = name, description.label, True
        self._generation = self._module.generation

    def _end(self) -> None:
        if self._generation != self._module.generation or self._name is None:
            return
        with suppress(pkcs11.PKCS11Error):  # the token may have gone before us
            self._session.close()
        if self._pin is not None:
            self._module.logins.close(self._name)

    def _private_key(self, opened: _Opened, key_id: bytes) -> Any:
        wanted = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY,
            pkcs11.Attribute.ID: key_id,
        }
        if self._pin is None:
            raise TokenRefused("key_absent", detail="without a PIN no private key is seen")
        found = _found(opened, wanted)
        if not found:
            raise TokenRefused("key_absent", detail="no private key with this id")
        if len(found) > 1:
            raise TokenRefused("key_refused", detail=f"{len(found)} private keys with this id")
        return found[0]

    def _public(self, certificate: bytes) -> Any:
        """The key in a certificate, which is parsed once."""
        public = self._publics.get(certificate)
        if public is None:
            public = x509.load_der_x509_certificate(certificate).public_key()
            self._publics[certificate] = public
        return public


def _found(opened: _Opened, wanted: dict[Any, Any]) -> list[Any]:
    """What a search finds. A module may find nothing because the token is away, or was; only a session that was
    opened just now is believed that there is nothing.
    """
    opened.session.token.slot.get_token()  # raises when the token is away
    found = list(opened.session.get_objects(wanted))
    if not found and not opened.new:
        raise TokenUnavailable("token_removed", detail="nothing found in an old session")
    return found


def _never_leaves() -> dict[Any, Any]:
    attribute = pkcs11.Attribute
    return {
        attribute.SENSITIVE: True,
        attribute.EXTRACTABLE: False,
        attribute.SIGN: True,
        attribute.DECRYPT: False,
        attribute.UNWRAP: False,
    }


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
        elif isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(proof, statement)
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
