"""What signatures are made with: a kind of key and a hash that belong together.

Nothing weaker than what is listed here can be asked for: there is no SHA-1, no RSA below 2,048 bits, and
no curve besides P-256 and P-384.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hkeid.signing import der
from hkeid.signing.errors import CredentialRefused

SHORTEST_RSA = 2048
"""Bits of an RSA modulus (ETSI TS 119 312)."""
LONGEST_RSA = 8192

_HASHES: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    "sha256": ("2.16.840.1.101.3.4.2.1", hashes.SHA256()),
    "sha384": ("2.16.840.1.101.3.4.2.2", hashes.SHA384()),
    "sha512": ("2.16.840.1.101.3.4.2.3", hashes.SHA512()),
}
_WEAK = frozenset({"md5", "sha1", "sha224"})
_RSA = {"sha256": 11, "sha384": 12, "sha512": 13}
_ECDSA = {"sha256": 2, "sha384": 3, "sha512": 4}
_ED25519 = "1.3.101.112"


def hash_identifier(hash_name: str) -> bytes:
    """AlgorithmIdentifier of a hash; its parameters are absent (RFC 5754 §2, RFC 8419 §2.3).

    :raises CredentialRefused: ``hash_too_weak``, ``hash_unknown``.
    """
    _require_strong(hash_name)
    return der.algorithm(_HASHES[hash_name][0])


def hash_oid(hash_name: str) -> str:
    """Dotted identifier of a hash.

    :raises CredentialRefused: ``hash_too_weak``, ``hash_unknown``.
    """
    _require_strong(hash_name)
    return _HASHES[hash_name][0]


def _require_strong(hash_name: str) -> None:
    if hash_name not in _HASHES:
        reason = "hash_too_weak" if hash_name in _WEAK else "hash_unknown"
        raise CredentialRefused(reason, detail=hash_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureAlgorithm:
    """One way to sign. Get it by :meth:`of_key`.

    :ivar kind: ``rsa`` (RSASSA-PKCS1-v1_5, RFC 8017 §8.2), ``ecdsa`` or ``ed25519``.
    :ivar hash_name: as ``hashlib`` spells it; the document is hashed with it, and the signed
        attributes too, unless the kind is ``ed25519``, which signs them as they are (RFC 8419 §3.1).
    :ivar identifier: AlgorithmIdentifier, DER.
    :ivar longest: most bytes of a signature.
    """

    kind: str
    hash_name: str
    identifier: bytes
    longest: int

    @classmethod
    def of_key(cls, public_key: Any, hash_name: str | None = None) -> SignatureAlgorithm:
        """The algorithm for a key; the hash follows from it unless it is named.

        P-256 and RSA go with SHA-256, P-384 with SHA-384, Ed25519 with SHA-512 (RFC 8419 §3.1) and nothing
        else.

        :param public_key: of ``cryptography``.
        :raises CredentialRefused: ``hash_too_weak``, ``hash_unknown``, ``hash_not_for_key``,
            ``key_too_short``, ``key_unsupported``.
        """
        if hash_name is not None:
            _require_strong(hash_name)
        if isinstance(public_key, rsa.RSAPublicKey):
            return _rsa(public_key, hash_name or "sha256")
        if isinstance(public_key, ec.EllipticCurvePublicKey):
            return _ecdsa(public_key, hash_name)
        if isinstance(public_key, ed25519.Ed25519PublicKey):
            if hash_name not in {None, "sha512"}:
                raise CredentialRefused("hash_not_for_key", detail=f"ed25519 with {hash_name}")
            return cls(
                kind="ed25519",
                hash_name="sha512",
                identifier=der.algorithm(_ED25519),
                longest=64,
            )
        raise CredentialRefused("key_unsupported", detail=type(public_key).__name__)

    def digest(self, *parts: bytes | memoryview) -> bytes:
        """The hash of ``parts`` one after another."""
        state = hashlib.new(self.hash_name)
        for part in parts:
            state.update(part)
        return state.digest()

    def sign(self, private_key: Any, message: bytes) -> bytes:
        """Sign ``message`` in the form CMS wants: ECDSA as DER (RFC 5753 §7.2)."""
        signature: bytes
        if self.kind == "rsa":
            signature = private_key.sign(message, padding.PKCS1v15(), self._hash)
        elif self.kind == "ecdsa":
            signature = private_key.sign(message, ec.ECDSA(self._hash))
        else:
            signature = private_key.sign(message)
        return signature

    def verify(self, public_key: Any, signature: bytes, message: bytes) -> None:
        """Let a right signature pass.

        :raises CredentialRefused: ``signature_wrong``.
        """
        try:
            if self.kind == "rsa":
                public_key.verify(signature, message, padding.PKCS1v15(), self._hash)
            elif self.kind == "ecdsa":
                public_key.verify(signature, message, ec.ECDSA(self._hash))
            else:
                public_key.verify(signature, message)
        except (InvalidSignature, ValueError):
            raise CredentialRefused("signature_wrong") from None

    def from_raw(self, signature: bytes) -> bytes:
        """The form CMS wants out of the form of JWS and PKCS#11: for ECDSA, R‖S (RFC 7518 §3.4) as DER."""
        if self.kind != "ecdsa":
            return signature
        half = len(signature) // 2
        return encode_dss_signature(
            int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        )

    @property
    def _hash(self) -> hashes.HashAlgorithm:
        return _HASHES[self.hash_name][1]


def _rsa(public_key: rsa.RSAPublicKey, hash_name: str) -> SignatureAlgorithm:
    if public_key.key_size < SHORTEST_RSA:
        raise CredentialRefused("key_too_short", detail=f"RSA of {public_key.key_size} bits")
    if public_key.key_size > LONGEST_RSA:
        raise CredentialRefused("key_unsupported", detail=f"RSA of {public_key.key_size} bits")
    return SignatureAlgorithm(
        kind="rsa",
        hash_name=hash_name,
        # RFC 5754 §3.2: here the parameters must be NULL.
        identifier=der.algorithm(f"1.2.840.113549.1.1.{_RSA[hash_name]}", der.null()),
        longest=(public_key.key_size + 7) // 8,
    )


def _ecdsa(public_key: ec.EllipticCurvePublicKey, hash_name: str | None) -> SignatureAlgorithm:
    name = public_key.curve.name
    if name not in {"secp256r1", "secp384r1"}:
        raise CredentialRefused("key_unsupported", detail=name)
    chosen = hash_name or ("sha256" if name == "secp256r1" else "sha384")
    return SignatureAlgorithm(
        kind="ecdsa",
        hash_name=chosen,
        identifier=der.algorithm(f"1.2.840.10045.4.3.{_ECDSA[chosen]}"),
        # SEQUENCE of two INTEGERs, each one octet longer than the field for the sign.
        longest=2 * ((public_key.key_size + 7) // 8 + 3) + 3,
    )
