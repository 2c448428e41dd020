"""Issued certificates, revocation lists and serial numbers in memory."""

from __future__ import annotations

from dataclasses import replace

from hkeid.adapters.memory.journal import Journal
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationReason
from hkeid.signing.certificates.records import IssuedRecord, RevocationListRecord


class MemoryIssuedCertificates:
    """:class:`hkeid.signing.certificates.IssuedRepository`."""

    __slots__ = ("_journal", "_records")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._records: dict[tuple[str, str], IssuedRecord] = {}

    def add(self, record: IssuedRecord) -> None:
        """Keep a new one.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        key = (record.authority, record.serial)
        if key in self._records:
            raise self._journal.doom(Refused("record_exists", detail="issued_certificates"))
        self._journal.set(self._records, key, record)

    def get(self, authority: str, serial: str) -> IssuedRecord | None:
        """One of them."""
        return self._records.get((authority, serial))

    def revoke(
        self,
        authority: str,
        serial: str,
        *,
        at: Instant,
        reason: RevocationReason,
        invalid_since: Instant | None = None,
    ) -> bool:
        """Revoke, if nobody has."""
        record = self._records.get((authority, serial))
        if record is None or record.revoked_at is not None:
            return False
        changed = replace(record, revoked_at=at, reason=reason, invalid_since=invalid_since)
        self._journal.set(self._records, (authority, serial), changed)
        return True

    def revoked(self, authority: str) -> tuple[IssuedRecord, ...]:
        """All that were ever revoked, in order of time."""
        found = [
            (one.revoked_at, one.serial, one)
            for one in self._records.values()
            if one.authority == authority and one.revoked_at is not None
        ]
        return tuple(one for _, _, one in sorted(found, key=lambda entry: entry[:2]))

    def last_revocation(self, authority: str) -> Instant | None:
        """When the last one was revoked."""
        found = self.revoked(authority)
        return found[-1].revoked_at if found else None

    def current(
        self, authority: str, at: Instant, *, after: str = "", limit: int = 1000
    ) -> tuple[IssuedRecord, ...]:
        """Those whose period has not ended, in order of serial number."""
        found = [
            one
            for one in self._records.values()
            if one.authority == authority and one.not_after >= at and one.serial > after
        ]
        return tuple(sorted(found, key=lambda one: one.serial)[:limit])

    def of_reference(self, reference: str, *, limit: int = 1000) -> tuple[IssuedRecord, ...]:
        """A subject's, the newest first."""
        found = [one for one in self._records.values() if one.reference == reference]
        found.sort(key=lambda one: one.serial)
        return tuple(sorted(found, key=lambda one: one.issued_at, reverse=True)[:limit])


class MemoryRevocationLists:
    """:class:`hkeid.signing.certificates.RevocationListRepository`."""

    __slots__ = ("_journal", "_records")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._records: dict[tuple[str, int], RevocationListRecord] = {}

    def put(self, record: RevocationListRecord) -> bool:
        """Keep a new one."""
        key = (record.authority, record.number)
        if key in self._records:
            return False
        self._journal.set(self._records, key, record)
        return True

    def newest(self, authority: str) -> RevocationListRecord | None:
        """The one with the highest number."""
        found = [one for one in self._records.values() if one.authority == authority]
        return max(found, key=lambda one: one.number, default=None)


class MemorySerialCounters:
    """:class:`hkeid.signing.certificates.SerialCounters`."""

    __slots__ = ("_counters", "_journal")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._counters: dict[str, tuple[int, Instant]] = {}

    def reserve(self, name: str, count: int, at: Instant, *, in_order: bool = False) -> int | None:
        """Take ``count`` numbers in a row."""
        following, last = self._counters.get(name, (1, None))
        if in_order and last is not None and at <= last:
            return None
        latest = at if last is None else max(at, last)
        self._journal.set(self._counters, name, (following + count, latest))
        return following
