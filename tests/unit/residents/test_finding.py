"""Finding a resident by identity-card number without keeping the number."""

from __future__ import annotations

import hashlib

from hkeid.adapters.memory import MemoryStore
from hkeid.identity import HkicNumber
from hkeid.residents import bind_hkic, blind_digest, find_by_hkic
from hkeid.testing.keys import MemoryKeyStore

NUMBER = HkicNumber.parse("A123456(3)")


def test_found_by_number(store: MemoryStore, keys: MemoryKeyStore) -> None:
    with store.transaction() as tx:
        assert find_by_hkic(tx, keys, NUMBER) is None
        assert bind_hkic(tx, keys, NUMBER, "resident-1")
        assert find_by_hkic(tx, keys, HkicNumber.parse("ａ１２３４５６（３）")) == "resident-1"
        assert find_by_hkic(tx, keys, HkicNumber.parse("G123456(A)")) is None


def test_a_number_belongs_to_one_resident(store: MemoryStore, keys: MemoryKeyStore) -> None:
    with store.transaction() as tx:
        assert bind_hkic(tx, keys, NUMBER, "resident-1")
        assert not bind_hkic(tx, keys, NUMBER, "resident-2")
        assert find_by_hkic(tx, keys, NUMBER) == "resident-1"


def test_the_digest_is_keyed(keys: MemoryKeyStore) -> None:
    digest = blind_digest(keys, NUMBER)
    assert len(digest) == 32
    assert digest == blind_digest(keys, NUMBER)
    assert digest != blind_digest(MemoryKeyStore(algorithms=("ES256",)), NUMBER)
    for guess in (b"A123456", b"A123456(3)"):
        assert digest != hashlib.sha256(guess).digest()
