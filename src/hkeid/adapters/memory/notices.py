"""Notices in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.enrolment.notices.records import DueNotice
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant


class MemoryNotices(MemoryExpiring[str]):
    """:class:`hkeid.enrolment.notices.NoticeRepository`."""

    __slots__ = ("_journal", "_notices")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._notices: dict[str, DueNotice] = {}

    def add(self, notice: DueNotice) -> None:
        """Keep a new notice.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        if notice.id in self._notices:
            raise self._journal.doom(Refused("record_exists", detail="notices"))
        self._journal.set(self._notices, notice.id, notice)

    def due(self, now: Instant, *, limit: int) -> tuple[DueNotice, ...]:
        """Those not done whose time has come, the oldest first."""
        found = [
            one for one in self._notices.values() if one.done_at is None and one.next_at <= now
        ]
        return tuple(sorted(found, key=lambda one: (one.next_at, one.id))[:limit])

    def change(self, old: DueNotice, new: DueNotice) -> bool:
        """Replace, if nobody has taken it up or finished it since."""
        stored = self._notices.get(old.id)
        if stored is None or stored.done_at is not None:
            return False
        if (stored.attempts, stored.next_at) != (old.attempts, old.next_at):
            return False
        changed = replace(
            stored,
            next_at=new.next_at,
            attempts=new.attempts,
            told=new.told,
            done_at=new.done_at,
            outcome=new.outcome,
        )
        self._journal.set(self._notices, old.id, changed)
        return True

    def of_resident(self, resident_id: str, *, limit: int = 50) -> tuple[DueNotice, ...]:
        """A resident's notices, newest first."""
        found = [one for one in self._notices.values() if one.resident_id == resident_id]
        found.sort(key=lambda one: one.id)
        return tuple(sorted(found, key=lambda one: one.due_at, reverse=True)[:limit])

    def _ends(self) -> Iterator[tuple[Instant, str]]:
        return ((one.due_at, key) for key, one in self._notices.items())

    def _forget(self, key: str) -> None:
        self._journal.remove(self._notices, key)


class MemoryNoticeChoices:
    """:class:`hkeid.enrolment.notices.NoticeChoiceRepository`."""

    __slots__ = ("_choices", "_journal")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._choices: dict[tuple[str, str, str], bool] = {}

    def of_resident(self, resident_id: str) -> dict[tuple[str, str], bool]:
        """A resident's choices, by topic and channel."""
        return {
            (topic, channel): wanted
            for (of, topic, channel), wanted in self._choices.items()
            if of == resident_id
        }

    def put(self, resident_id: str, topic: str, channel: str, *, wanted: bool) -> None:
        """Keep a choice, in the place of an earlier one."""
        self._journal.set(self._choices, (resident_id, topic, channel), wanted)

    def delete(self, resident_id: str) -> int:
        """Forget a resident's choices."""
        keys = [key for key in self._choices if key[0] == resident_id]
        return sum(self._journal.remove(self._choices, key) for key in keys)
