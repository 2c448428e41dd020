"""Finding a resident by identity-card number without keeping the number (law 4).

About 700 million numbers can exist, so that an unkeyed hash falls in seconds: the digest is made
under the key store's ``BLIND_INDEX`` key.
"""

from __future__ import annotations

from typing import Protocol

from hkeid.identity.hkic_number import HkicNumber
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.residents.records import BlindIndexRepository

HKIC_INDEX = "hkic_number"
"""The name of the index."""

_LABEL = b"hkeid-blind-index-1:hkic_number:"


class FindingTransaction(Protocol):
    """What finding needs of a transaction."""

    @property
    def blind_index(self) -> BlindIndexRepository: ...


def blind_digest(keys: KeyStore, number: HkicNumber) -> bytes:
    """The digest (32 bytes) that stands for ``number`` in the index; its check character adds
    nothing and is left out.
    """
    return keys.mac(KeyPurpose.BLIND_INDEX, _LABEL + number.number.encode("ascii"))


def bind_hkic(tx: FindingTransaction, keys: KeyStore, number: HkicNumber, resident_id: str) -> bool:
    """Make the resident findable by ``number``; False when somebody else has it already."""
    return tx.blind_index.put(HKIC_INDEX, blind_digest(keys, number), resident_id)


def find_by_hkic(tx: FindingTransaction, keys: KeyStore, number: HkicNumber) -> str | None:
    """The internal id of the resident with this identity-card number, or None."""
    return tx.blind_index.find(HKIC_INDEX, blind_digest(keys, number))
