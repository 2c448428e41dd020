"""Logout notices in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.doors.logout.records import LogoutNotice
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant

_Key = tuple[str, str]


class MemoryLogoutNotices(MemoryExpiring[_Key]):
    """:class:`hkeid.doors.logout.records.LogoutNoticeRepository`."""

    __slots__ = ("_journal", "_notices")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._notices: dict[_Key, LogoutNotice] = {}

    def add(self, notice: LogoutNotice) -> None:
        """Keep a new notice.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        if _key(notice) in self._notices:
            raise self._journal.doom(Refused("record_exists", detail="logout_notices"))
        self._journal.set(self._notices, _key(notice), notice)

    def clients_due(self, now: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Clients whose time has come; who has waited longest first."""
        waited: dict[str, Instant] = {}
        for one in self._notices.values():
            if one.next_at <= now:
                waited[one.client_id] = min(one.next_at, waited.get(one.client_id, one.next_at))
        return tuple(sorted(waited, key=lambda client_id: (waited[client_id], client_id))[:limit])

    def due(self, client_id: str, now: Instant, *, limit: int) -> tuple[LogoutNotice, ...]:
        """A client's notices whose time has come, the oldest first."""
        found = [
            one
            for one in self._notices.values()
            if one.client_id == client_id and one.next_at <= now
        ]
        return tuple(sorted(found, key=lambda one: (one.next_at, one.session_id))[:limit])

    def of_session(self, session_id: str) -> tuple[LogoutNotice, ...]:
        """What is not delivered yet of a session, in order of client."""
        found = [one for one in self._notices.values() if one.session_id == session_id]
        return tuple(sorted(found, key=lambda one: one.client_id))

    def take(self, old: LogoutNotice, new: LogoutNotice) -> bool:
        """Replace attempts and time, if nobody has taken it up since."""
        stored = self._as_in(old)
        if stored is None:
            return False
        changed = replace(stored, attempts=new.attempts, next_at=new.next_at)
        self._journal.set(self._notices, _key(old), changed)
        return True

    def postpone(self, client_id: str, now: Instant, until: Instant) -> int:
        """Move what is due of a client."""
        found = self.due(client_id, now, limit=len(self._notices))
        for one in found:
            self._journal.set(self._notices, _key(one), replace(one, next_at=until))
        return len(found)

    def remove(self, notice: LogoutNotice) -> bool:
        """Delete, if nobody has taken it up since."""
        if self._as_in(notice) is None:
            return False
        return self._journal.remove(self._notices, _key(notice))

    def _ends(self) -> Iterator[tuple[Instant, _Key]]:
        return ((one.ended_at, key) for key, one in self._notices.items())

    def _forget(self, key: _Key) -> None:
        self._journal.remove(self._notices, key)

    def _as_in(self, notice: LogoutNotice) -> LogoutNotice | None:
        stored = self._notices.get(_key(notice))
        if stored is None:
            return None
        same = (stored.attempts, stored.next_at) == (notice.attempts, notice.next_at)
        return stored if same else None


def _key(notice: LogoutNotice) -> _Key:
    return notice.session_id, notice.client_id
