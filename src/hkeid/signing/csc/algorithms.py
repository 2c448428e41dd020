"""Identifiers of keys, hashes and signature algorithms on the wire.

``key.algo`` names the bare algorithm and the one with its hash: clients look for either.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from hkeid.ports.signing_keys import SigningKeyKind

HASH_NAMES: Final = MappingProxyType(
    {
        "2.16.840.1.101.3.4.2.1": "sha256",
        "2.16.840.1.101.3.4.2.2": "sha384",
        "2.16.840.1.101.3.4.2.3": "sha512",
    }
)
"""Names of hash functions by object identifier."""

_RSA: Final = ("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """What the wire says about a kind of key.

    :ivar algorithms: the bare identifier, then the one with the kind's hash.
    :ivar length: bits.
    :ivar curve: its identifier, or None.
    """

    algorithms: tuple[str, str]
    length: int
    curve: str | None = None


FACTS: Final = MappingProxyType(
    {
        SigningKeyKind.P256: KeyFacts(
            algorithms=("1.2.840.10045.2.1", "1.2.840.10045.4.3.2"),
            length=256,
            curve="1.2.840.10045.3.1.7",
        ),
        SigningKeyKind.P384: KeyFacts(
            algorithms=("1.2.840.10045.2.1", "1.2.840.10045.4.3.3"),
            length=384,
            curve="1.3.132.0.34",
        ),
        SigningKeyKind.RSA2048: KeyFacts(algorithms=_RSA, length=2048),
        SigningKeyKind.RSA3072: KeyFacts(algorithms=_RSA, length=3072),
    }
)
"""By kind of key."""

ALL_ALGORITHMS: Final = tuple(
    dict.fromkeys(name for facts in FACTS.values() for name in facts.algorithms)
)
"""Every signature algorithm that some key may have."""


def hash_identifier(hash_name: str) -> str:
    """The identifier of a hash function by its name."""
    return next(oid for oid, name in HASH_NAMES.items() if name == hash_name)
