"""Data requests in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.kernel.instants import Instant
from hkeid.profile.rights.records import DataRequest, RequestKind


class MemoryDataRequests(MemoryExpiring[str]):
    """:class:`hkeid.profile.rights.DataRequestRepository`."""

    __slots__ = ("_journal", "_requests")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._requests: dict[str, DataRequest] = {}

    def add(self, request: DataRequest) -> bool:
        """Keep a new one; False when the id is taken, or one of this kind waits."""
        if request.id in self._requests:
            return False
        if request.open and any(
            one.open and one.resident_id == request.resident_id and one.kind is request.kind
            for one in self._requests.values()
        ):
            return False
        self._journal.set(self._requests, request.id, request)
        return True

    def get(self, request_id: str) -> DataRequest | None:
        """By id."""
        return self._requests.get(request_id)

    def of_resident(self, resident_id: str, *, limit: int = 200) -> tuple[DataRequest, ...]:
        """A resident's, newest first."""
        found = [one for one in self._requests.values() if one.resident_id == resident_id]
        found.sort(key=lambda one: one.id)
        return tuple(sorted(found, key=lambda one: one.received_at, reverse=True)[:limit])

    def waiting(
        self, kinds: Collection[RequestKind], *, limit: int = 500
    ) -> tuple[DataRequest, ...]:
        """Those that wait, the one that is due first comes first."""
        found = [one for one in self._requests.values() if one.open and one.kind in kinds]
        return tuple(sorted(found, key=lambda one: (one.due_at, one.id))[:limit])

    def change(self, old: DataRequest, new: DataRequest) -> bool:
        """Compare-and-set on the version of one that waits; what was asked never changes."""
        stored = self._requests.get(old.id)
        if stored is None or stored.version != old.version or stored.closed_at is not None:
            return False
        changed = replace(
            stored,
            state=new.state,
            ground=new.ground,
            answer=new.answer,
            closed_at=new.closed_at,
            reminder=new.reminder,
            version=old.version + 1,
        )
        self._journal.set(self._requests, old.id, changed)
        return True

    def _ends(self) -> Iterator[tuple[Instant, str]]:
        for one in self._requests.values():
            if one.closed_at is not None:
                yield one.closed_at, one.id

    def _forget(self, key: str) -> object:
        return self._journal.remove(self._requests, key)
