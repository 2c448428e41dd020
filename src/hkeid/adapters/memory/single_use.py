"""Single-use things and attempt budgets in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from hkeid.adapters.budget_windows import seconds_left
from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import BudgetAnswer, Lost, SingleUseRecord, UseOutcome, Vanished, Won

_Key = tuple[str, bytes]


class MemorySingleUse(MemoryExpiring[_Key]):
    """:class:`hkeid.ports.SingleUse`; the store's lock is what makes its verbs conditional."""

    __slots__ = ("_families", "_journal", "_records")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._records: dict[_Key, SingleUseRecord] = {}
        self._families: dict[str, dict[_Key, None]] = {}

    def put(self, record: SingleUseRecord) -> bool:
        """Keep a new record; False when kind and digest exist already."""
        key = (record.kind, record.digest)
        if key in self._records:
            return False
        self._journal.set(self._records, key, record)
        if record.family is not None:
            self._journal.link(self._families, record.family, key)
        return True

    def look(self, kind: str, digest: bytes) -> SingleUseRecord | None:
        """Read without using."""
        return self._records.get((kind, digest))

    def use_up(
        self, kind: str, digest: bytes, now: Instant, *, result: bytes | None = None
    ) -> UseOutcome:
        """Use it up; exactly one caller wins."""
        key = (kind, digest)
        record = self._records.get(key)
        if record is None:
            return Vanished()
        if record.revoked_at is not None:
            return Vanished(record)
        if record.used_at is not None:
            return Lost(record)
        if now >= record.expires_at:
            return Vanished(record)
        used = SingleUseRecord(
            kind=kind,
            digest=digest,
            family=record.family,
            payload=record.payload,
            created_at=record.created_at,
            expires_at=record.expires_at,
            used_at=now,
            result=result,
        )
        self._journal.set(self._records, key, used)
        return Won(used)

    def revoke_family(self, family: str, now: Instant) -> int:
        """Revoke every record of the family."""
        revoked = 0
        for key in self._families.get(family, ()):
            record = self._records[key]
            if record.revoked_at is None:
                self._journal.set(self._records, key, replace(record, revoked_at=now))
                revoked += 1
        return revoked

    def _ends(self) -> Iterator[tuple[Instant, _Key]]:
        return ((one.expires_at, key) for key, one in self._records.items())

    def _forget(self, key: _Key) -> None:
        family = self._records[key].family
        self._journal.remove(self._records, key)
        if family is not None:
            self._journal.unlink(self._families, family, key)


class MemoryAttemptBudgets(MemoryExpiring[_Key]):
    """:class:`hkeid.ports.AttemptBudgets`: the end of the window and what was spent in it."""

    __slots__ = ("_journal", "_windows")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._windows: dict[_Key, tuple[Instant, int]] = {}

    def spend(
        self, kind: str, subject: bytes, *, limit: int, window: timedelta, now: Instant
    ) -> BudgetAnswer:
        """Take one attempt from the budget."""
        if limit < 1:
            return BudgetAnswer(allowed=False, remaining=0, retry_after=seconds_left(window))
        key = (kind, subject)
        ends_at, spent = self._windows.get(key, (now, 0))
        if now >= ends_at:
            ends_at, spent = now + window, 0
        if spent >= limit:
            return BudgetAnswer(allowed=False, remaining=0, retry_after=seconds_left(ends_at - now))
        self._journal.set(self._windows, key, (ends_at, spent + 1))
        return BudgetAnswer(allowed=True, remaining=limit - spent - 1)

    def refund(self, kind: str, subject: bytes) -> None:
        """Forget what was spent."""
        self._journal.remove(self._windows, (kind, subject))

    def _ends(self) -> Iterator[tuple[Instant, _Key]]:
        return ((ends_at, key) for key, (ends_at, _) in self._windows.items())

    def _forget(self, key: _Key) -> None:
        self._journal.remove(self._windows, key)
