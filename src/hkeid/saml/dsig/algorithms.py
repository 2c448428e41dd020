"""Signature and digest algorithms by their URIs (RFC 9231), and the keys that fit each.

HMAC is not in the table, so nothing can ever allow it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from hashlib import sha1, sha256, sha384, sha512
from types import MappingProxyType
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MGF1 = "http://www.w3.org/2007/05/xmldsig-more#"
_PKCS1 = padding.PKCS1v15()


class KeyFamily(Enum):
    """How a key is used."""

    RSA = "rsa"
    RSA_PSS = "rsa-pss"
    ECDSA = "ecdsa"


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """One signature algorithm.

    :ivar uri: value of ``Algorithm``.
    :ivar family: the kind of key and padding.
    :ivar hash: over the signed octets.
    """

    uri: str
    family: KeyFamily
    hash: HashAlgorithm

    def fits(self, key: object) -> bool:
        """Whether ``key``, public or private, is of the right kind and curve."""
        if self.family is KeyFamily.ECDSA:
            return isinstance(
                key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey
            ) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1)
        return is_rsa(key)

    def verify(self, key: PublicKey, signature: bytes, octets: bytes) -> bool:
        """Whether ``signature`` is that of ``octets``; ECDSA as R‖S (XML Signature 1.1 §6.4.3)."""
        try:
            if self.family is not KeyFamily.ECDSA:
                cast(rsa.RSAPublicKey, key).verify(signature, octets, self._padding(), self.hash)
            else:
                key = cast(ec.EllipticCurvePublicKey, key)
                size = (key.curve.key_size + 7) // 8
                if len(signature) != 2 * size:
                    return False
                r, s = (
                    int.from_bytes(half, "big") for half in (signature[:size], signature[size:])
                )
                key.verify(encode_dss_signature(r, s), octets, ec.ECDSA(self.hash))
        except InvalidSignature:
            return False
        return True

    def sign(self, key: PrivateKey, octets: bytes) -> bytes:
        """The signature of ``octets``, in the form that :meth:`verify` takes."""
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(octets, self._padding(), self.hash)
        size = (key.curve.key_size + 7) // 8
        r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(self.hash)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def _padding(self) -> Any:
        if self.family is KeyFamily.RSA_PSS:
            return padding.PSS(padding.MGF1(self.hash), self.hash.digest_size)
        return _PKCS1


def is_rsa(key: object) -> bool:
    """Whether ``key`` is an RSA key, public or private."""
    return _is_rsa(type(key))  # type: ignore[arg-type]  # a class has a hash


@lru_cache(maxsize=16)
def _is_rsa(kind: type) -> bool:
    # The classes of cryptography are abstract, and asking whether they are met is slow.
    return issubclass(kind, rsa.RSAPublicKey | rsa.RSAPrivateKey)


def _all() -> list[SignatureAlgorithm]:
    found = [
        SignatureAlgorithm("http://www.w3.org/2000/09/xmldsig#rsa-sha1", KeyFamily.RSA, SHA1()),  # noqa: S303
        SignatureAlgorithm(f"{_MORE}ecdsa-sha1", KeyFamily.ECDSA, SHA1()),  # noqa: S303
    ]
    for bits, hash_ in (("256", SHA256()), ("384", SHA384()), ("512", SHA512())):
        found += [
            SignatureAlgorithm(f"{_MORE}rsa-sha{bits}", KeyFamily.RSA, hash_),
            SignatureAlgorithm(f"{_MORE}ecdsa-sha{bits}", KeyFamily.ECDSA, hash_),
            SignatureAlgorithm(f"{_MGF1}sha{bits}-rsa-MGF1", KeyFamily.RSA_PSS, hash_),
        ]
    return found


SIGNATURE_ALGORITHMS: Mapping[str, SignatureAlgorithm] = MappingProxyType(
    {one.uri: one for one in _all()}
)
"""All that a policy may allow; see :class:`SignaturePolicy` for what it does."""

RSA_SHA256 = f"{_MORE}rsa-sha256"
ECDSA_SHA256 = f"{_MORE}ecdsa-sha256"
SHA1_DIGEST = "http://www.w3.org/2000/09/xmldsig#sha1"
SHA256_DIGEST = "http://www.w3.org/2001/04/xmlenc#sha256"

DIGEST_ALGORITHMS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        SHA1_DIGEST: sha1,
        SHA256_DIGEST: sha256,
        f"{_MORE}sha384": sha384,
        "http://www.w3.org/2001/04/xmlenc#sha512": sha512,
    }
)
"""By ``Algorithm`` of DigestMethod."""
