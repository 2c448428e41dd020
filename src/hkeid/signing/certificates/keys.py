"""Keys of authorities, behind a protocol: in memory, in a file, or on a PKCS#11 token."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from hkeid.kernel.errors import MalformedInput
from hkeid.signing import der
from hkeid.signing.algorithms import SignatureAlgorithm


class AuthorityKey(Protocol):
    """A private key that never leaves where it is."""

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), DER."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature of :attr:`public_key`'s usual algorithm (P-384 with SHA-384, see
        :meth:`hkeid.signing.algorithms.SignatureAlgorithm.of_key`), ECDSA as DER.

        :raises hkeid.kernel.errors.Unavailable: the key cannot be reached.
        """
        ...


class MemoryKey:
    """A key in this process.

    :param private_key: of ``cryptography``; a new P-384 key if there is none.
    :raises hkeid.signing.errors.CredentialRefused: ``key_unsupported``, ``key_too_short``.
    """

    def __init__(self, private_key: Any = None) -> None:
        self._key = private_key or ec.generate_private_key(ec.SECP384R1())
        public = self._key.public_key()
        self._algorithm = SignatureAlgorithm.of_key(public)
        self.public_key: bytes = public.public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, message: bytes) -> bytes:
        """As :meth:`AuthorityKey.sign`."""
        return self._algorithm.sign(self._key, message)


@dataclass(frozen=True, slots=True)
class Credential:
    """A key with its certificate: an authority, a responder, a time-stamp unit.

    :ivar certificate: DER.
    :ivar chain: certificates of the issuers, DER; the root's may be the last.
    """

    key: AuthorityKey
    certificate: bytes
    chain: tuple[bytes, ...] = ()


def load_public_key(encoded: bytes) -> Any:
    """A SubjectPublicKeyInfo as ``cryptography`` has it.

    :raises hkeid.kernel.errors.MalformedInput: ``public_key_malformed``.
    """
    try:
        return load_der_public_key(encoded)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MalformedInput("public_key_malformed", detail=type(error).__name__) from None


@lru_cache(maxsize=64)
def algorithm_of(public_key: bytes) -> SignatureAlgorithm:
    """The usual algorithm of a key.

    :raises hkeid.kernel.errors.MalformedInput: ``public_key_malformed``.
    :raises hkeid.signing.errors.CredentialRefused: ``key_unsupported``, ``key_too_short``.
    """
    return SignatureAlgorithm.of_key(load_public_key(public_key))


@lru_cache(maxsize=256)
def public_key_bits(public_key: bytes) -> bytes:
    """The contents of ``subjectPublicKey`` without the count of unused bits: what identifiers of keys are
    hashes of (RFC 5280 §4.2.1.2, RFC 6960 §4.1.1).

    :raises hkeid.kernel.errors.MalformedInput: ``der_malformed``.
    """
    parts = der.elements(der.only_element(public_key)[1])
    if len(parts) != 2 or parts[1][0] != der.BIT_STRING or parts[1][1][:1] != b"\0":
        raise MalformedInput("der_malformed", detail="not a SubjectPublicKeyInfo")
    return parts[1][1][1:]


def key_identifier(public_key: bytes) -> bytes:
    """SHA-1 of the key's bits (RFC 5280 §4.2.1.2 method 1): a name, not a protection."""
    return hashlib.sha1(public_key_bits(public_key), usedforsecurity=False).digest()
