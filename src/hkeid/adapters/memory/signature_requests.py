"""Requests for signatures in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.kernel.instants import Instant
from hkeid.signing.requests.records import RequestState, SignatureRequest


class MemorySignatureRequests(MemoryExpiring[str]):
    """:class:`hkeid.signing.requests.SignatureRequestRepository`."""

    __slots__ = ("_journal", "_requests")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._requests: dict[str, SignatureRequest] = {}

    def add(self, request: SignatureRequest) -> bool:
        """Keep a new request; False when its id is taken."""
        if request.id in self._requests:
            return False
        self._journal.set(self._requests, request.id, request)
        return True

    def get(self, request_id: str) -> SignatureRequest | None:
        """By id."""
        return self._requests.get(request_id)

    def change(self, old: SignatureRequest, new: SignatureRequest) -> bool:
        """Compare-and-set on the version; what was asked never changes."""
        stored = self._requests.get(old.id)
        if stored is None or stored.version != old.version:
            return False
        kept = replace(
            stored,
            state=new.state,
            resident_id=new.resident_id,
            signature_id=new.signature_id,
            record=new.record,
            expires_at=new.expires_at,
            decided_at=new.decided_at,
            version=old.version + 1,
        )
        self._journal.set(self._requests, old.id, kept)
        return True

    def open_of_client(self, client_id: str, now: Instant) -> int:
        """How many wait, or are signed and wait to be collected."""
        open_ones = {RequestState.WAITING, RequestState.SIGNED}
        return sum(
            1
            for one in self._requests.values()
            if one.client_id == client_id and one.state in open_ones and now < one.expires_at
        )

    def signed_by(self, resident_id: str, *, limit: int = 100) -> tuple[SignatureRequest, ...]:
        """Those that a resident signed, newest first."""
        held = [
            one
            for one in self._requests.values()
            if one.resident_id == resident_id and one.state.made
        ]
        held.sort(key=lambda one: (one.decided_at or one.created_at, one.id), reverse=True)
        return tuple(held[:limit])

    def of_resident(self, resident_id: str, *, limit: int = 100) -> tuple[SignatureRequest, ...]:
        """Those that a resident opened, signed or not, newest first."""
        held = [one for one in self._requests.values() if one.resident_id == resident_id]
        held.sort(key=lambda one: (one.created_at, one.id), reverse=True)
        return tuple(held[:limit])

    def overdue(self, now: Instant, *, limit: int = 500) -> tuple[SignatureRequest, ...]:
        """Those that wait although their time is over, oldest first."""
        held = [
            one
            for one in self._requests.values()
            if one.state is RequestState.WAITING and one.expires_at <= now
        ]
        held.sort(key=lambda one: (one.expires_at, one.id))
        return tuple(held[:limit])

    def _ends(self) -> Iterator[tuple[Instant, str]]:
        return ((one.expires_at, key) for key, one in self._requests.items() if not one.state.made)

    def _forget(self, key: str) -> None:
        self._journal.remove(self._requests, key)
