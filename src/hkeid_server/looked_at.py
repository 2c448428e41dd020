"""Who looked at a resident's record: what My eID asks the officers' room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hkeid.kernel.instants import Instant
from hkeid.ports import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAccessLine:
    """One access, as the resident is told of it.

    :ivar role: stable word for the officer's role; never who it was.
    :ivar reason: stable word for the reason that was given.
    """

    at: Instant
    role: str
    reason: str


class AccessReader(Protocol):
    """Tells who looked."""

    def __call__(self, resident_id: str) -> Sequence[RecordAccessLine]:
        """The accesses to a resident's record, newest first."""
        ...


def accesses_in(store: Store[Any]) -> AccessReader:
    """Reads what the officers' room noted."""

    def read(resident_id: str) -> tuple[RecordAccessLine, ...]:
        with store.transaction() as tx:
            found = tx.record_accesses.of_resident(resident_id)
        return tuple(
            RecordAccessLine(at=one.at, role=one.role.value, reason=one.reason.value)
            for one in found
        )

    return read
