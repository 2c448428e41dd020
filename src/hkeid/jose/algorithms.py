"""The signature algorithms that hkeid knows, and what each needs of a key (RFC 7518 §3.1, RFC 9864).

Symmetric algorithms and ``none`` are not in the table, so nothing can ever allow them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256, sha512
from types import MappingProxyType
from typing import Any

_SAME = (("EdDSA", "Ed25519"), ("Ed25519", "EdDSA"))


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """One JWS algorithm.

    :ivar name: value of the ``alg`` header.
    :ivar key_algorithm: ``algorithm`` of the :class:`~hkeid.ports.SigningKey` that makes it.
    :ivar kty: key type that a JWK must have.
    :ivar crv: curve that a JWK must have, or None.
    :ivar hash: hash behind ``at_hash`` (OpenID Connect Core §3.1.3.6; Ed25519 uses SHA-512).
    """

    name: str
    key_algorithm: str
    kty: str
    crv: str | None
    hash: Callable[[bytes], Any]

    def fits(self, jwk: Mapping[str, Any]) -> bool:
        """Whether a public JWK may be used to verify this algorithm (RFC 7517 §4.1-4.4)."""
        if jwk.get("kty") != self.kty or (self.crv is not None and jwk.get("crv") != self.crv):
            return False
        if jwk.get("use", "sig") != "sig":
            return False
        operations = jwk.get("key_ops")
        if operations is not None and (
            not isinstance(operations, (list, tuple)) or "verify" not in operations
        ):
            return False
        alg = jwk.get("alg", self.name)
        return alg == self.name or (alg, self.name) in _SAME


ALGORITHMS: Mapping[str, SignatureAlgorithm] = MappingProxyType(
    {
        algorithm.name: algorithm
        for algorithm in (
            SignatureAlgorithm("ES256", "ES256", "EC", "P-256", sha256),
            SignatureAlgorithm("Ed25519", "Ed25519", "OKP", "Ed25519", sha512),
            SignatureAlgorithm("EdDSA", "Ed25519", "OKP", "Ed25519", sha512),
            SignatureAlgorithm("PS256", "PS256", "RSA", None, sha256),
            SignatureAlgorithm("RS256", "RS256", "RSA", None, sha256),
        )
    }
)
"""By ``alg`` value. ``EdDSA`` is the old name of ``Ed25519``, which many peers still expect."""

MINIMUM_RSA_BITS = 2048
"""RFC 7518 §3.3: RSA keys of 2048 bits or larger MUST be used."""
