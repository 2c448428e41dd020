"""Registrations and ciphertext of evidence in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.enrolment.registration.records import (
    NetworkMark,
    RegistrationRecord,
    RegistrationStep,
)
from hkeid.enrolment.registration.turns import placed
from hkeid.kernel.instants import Instant


def _oldest_first(found: Iterable[RegistrationRecord]) -> list[RegistrationRecord]:
    return sorted(found, key=lambda record: (record.created_at, record.id))


class MemoryRegistrations(MemoryExpiring[str]):
    """:class:`hkeid.enrolment.registration.RegistrationRepository`."""

    __slots__ = ("_by_reference", "_journal", "_records")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._records: dict[str, RegistrationRecord] = {}
        self._by_reference: dict[str, str] = {}

    def add(self, record: RegistrationRecord) -> bool:
        """Keep a new registration; False when its id or reference is taken."""
        if record.id in self._records or record.reference in self._by_reference:
            return False
        self._journal.set(self._records, record.id, record)
        self._journal.set(self._by_reference, record.reference, record.id)
        return True

    def get(self, registration_id: str) -> RegistrationRecord | None:
        """By id."""
        return self._records.get(registration_id)

    def by_reference(self, reference: str) -> RegistrationRecord | None:
        """By case number."""
        return self._records.get(self._by_reference.get(reference, ""))

    def by_browser(self, browser: bytes) -> tuple[RegistrationRecord, ...]:
        """Those begun in a browser, newest first."""
        found = [record for record in self._records.values() if record.browser == browser]
        found.sort(key=lambda record: record.id)
        return tuple(sorted(found, key=lambda record: record.created_at, reverse=True)[:50])

    def of_resident(self, resident_id: str, *, limit: int = 100) -> tuple[RegistrationRecord, ...]:
        """Those that gave or give an eID, newest first."""
        found = [one for one in self._records.values() if one.resident_id == resident_id]
        found.sort(key=lambda record: record.id)
        return tuple(sorted(found, key=lambda record: record.created_at, reverse=True)[:limit])

    def change(self, old: RegistrationRecord, new: RegistrationRecord) -> bool:
        """Compare-and-set on the version; id, case number and beginning never change."""
        stored = self._records.get(old.id)
        if stored is None or stored.version != old.version:
            return False
        changed = replace(
            new,
            id=stored.id,
            reference=stored.reference,
            created_at=stored.created_at,
            version=stored.version + 1,
        )
        self._journal.set(self._records, old.id, changed)
        return True

    def in_step(
        self, step: RegistrationStep, *, limit: int = 100
    ) -> tuple[RegistrationRecord, ...]:
        """Those at a step, oldest first."""
        found = (record for record in self._records.values() if record.step is step)
        return tuple(_oldest_first(found)[:limit])

    def by_turns(
        self, step: RegistrationStep, *, turn: timedelta, limit: int = 100
    ) -> tuple[RegistrationRecord, ...]:
        """Those at a step in fair order."""
        found = (record for record in self._records.values() if record.step is step)
        return tuple(record for _, record in placed(found, turn)[:limit])

    def count_with_picture(self, now: Instant, around: NetworkMark | None = None) -> int:
        """How many are open, in time, and have a picture."""
        return sum(
            record.step.has_picture
            and record.expires_at > now
            and (around is None or around.marks(record))
            for record in self._records.values()
        )

    def count_open(self, now: Instant, around: NetworkMark) -> int:
        """How many from a network are open and in time."""
        return sum(
            not record.step.concluded and record.expires_at > now and around.marks(record)
            for record in self._records.values()
        )

    def oldest_without_picture(
        self, now: Instant, around: NetworkMark, *, before: Instant
    ) -> RegistrationRecord | None:
        """The one from a network that was begun first and has no picture."""
        found = _oldest_first(
            record
            for record in self._records.values()
            if record.step is RegistrationStep.CARD
            and record.created_at <= before
            and record.expires_at > now
            and around.marks(record)
        )
        return found[0] if found else None

    def count_faces_with_number(self, digest: bytes, *, since: Instant, but: str) -> int:
        """How many with an identity-card number had a face shown."""
        return len(self._faces(digest, since, but))

    def faces_with_number(
        self, digest: bytes, *, since: Instant, but: str, limit: int
    ) -> tuple[RegistrationRecord, ...]:
        """Those with an identity-card number that had a face shown, newest first."""
        found = self._faces(digest, since, but)
        found.sort(key=lambda record: (record.created_at, record.id), reverse=True)
        return tuple(found[:limit])

    def _faces(self, digest: bytes, since: Instant, but: str) -> list[RegistrationRecord]:
        return [
            record
            for record in self._records.values()
            if record.number_digest == digest
            and record.created_at >= since
            and record.id != but
            and record.faces > 0
        ]

    def overdue(self, now: Instant, *, limit: int = 100) -> tuple[RegistrationRecord, ...]:
        """Those not concluded whose time is over, oldest first."""
        found = [
            record
            for record in self._records.values()
            if not record.step.concluded and record.expires_at <= now
        ]
        found.sort(key=lambda record: (record.expires_at, record.id))
        return tuple(found[:limit])

    def undestroyed(self, *, limit: int = 100) -> tuple[RegistrationRecord, ...]:
        """Those that are decided and whose evidence may still be there."""
        found = (
            record
            for record in self._records.values()
            if record.step.decided and record.evidence_open
        )
        return tuple(_oldest_first(found)[:limit])

    def _ends(self) -> Iterator[tuple[Instant, str]]:
        return (
            (one.purge_after, key)
            for key, one in self._records.items()
            if one.purge_after is not None
        )

    def _forget(self, key: str) -> None:
        self._journal.remove(self._by_reference, self._records[key].reference)
        self._journal.remove(self._records, key)


class MemoryEvidenceItems:
    """Ciphertext by session and name."""

    __slots__ = ("_items", "_journal")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._items: dict[tuple[str, str], bytes] = {}

    def put(self, session_id: str, name: str, sealed: bytes) -> None:
        """Keep or replace an item."""
        self._journal.set(self._items, (session_id, name), sealed)

    def get(self, session_id: str, name: str) -> bytes | None:
        """An item, or None."""
        return self._items.get((session_id, name))

    def names(self, session_id: str) -> tuple[str, ...]:
        """Names of a session's items, sorted."""
        return tuple(sorted(name for session, name in self._items if session == session_id))

    def delete(self, session_id: str) -> int:
        """Delete a session's items; returns how many."""
        keys = [key for key in self._items if key[0] == session_id]
        return sum(self._journal.remove(self._items, key) for key in keys)

    def sessions(self, after: str = "") -> tuple[str, ...]:
        """Up to 1000 sessions that have items, in order, beginning behind ``after``."""
        return tuple(sorted({session for session, _ in self._items if session > after})[:1000])
