"""A registry in memory, with a vault of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.identity import EidState
from hkeid.kernel.instants import Instant
from hkeid.residents import PersonalFields
from hkeid.residents.records import Resident
from hkeid.testing.keys import MemoryKeyStore

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class Ticking:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> Instant:
        return self.moment

    def tick(self, **step: int) -> Instant:
        self.moment += timedelta(**step)
        return self.moment


class DictVault:
    """The smallest vault there can be."""

    def __init__(self) -> None:
        self.keys: dict[str, bytes] = {}
        self.list: dict[str, Instant] = {}

    def put(self, resident_id: str, wrapped: bytes) -> bool:
        if resident_id in self.keys or resident_id in self.list:
            return False
        self.keys[resident_id] = wrapped
        return True

    def get(self, resident_id: str) -> bytes | None:
        return self.keys.get(resident_id)

    def destroy(self, resident_id: str, now: Instant) -> None:
        self.keys.pop(resident_id, None)
        self.list.setdefault(resident_id, now)

    def erased(self) -> Iterator[tuple[str, Instant]]:
        return iter(sorted(self.list.items(), key=lambda entry: entry[1]))


@pytest.fixture(scope="session")
def keys() -> MemoryKeyStore:
    return MemoryKeyStore(algorithms=("ES256",))


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def vault() -> DictVault:
    return DictVault()


@pytest.fixture
def store(keys: MemoryKeyStore, clock: Ticking) -> MemoryStore:
    return MemoryStore(keys, clock, SystemRandom())


@pytest.fixture
def fields(keys: MemoryKeyStore, vault: DictVault) -> PersonalFields:
    return PersonalFields(keys, vault, SystemRandom())


@pytest.fixture
def resident(store: MemoryStore, fields: PersonalFields) -> Resident:
    """An active resident with a data key."""
    entry = Resident(
        id="resident-1",
        user_handle=b"h" * 64,
        state=EidState.ACTIVE,
        created_at=NOW,
        updated_at=NOW,
    )
    fields.create_key(entry.id)
    with store.transaction() as tx:
        assert tx.residents.add(entry)
    return entry
