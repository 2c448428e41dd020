"""Links to upstreams, and the sessions they opened, in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.broker.upstream_records import UpstreamSession
from hkeid.kernel.instants import Instant
from hkeid.residents.links import Link


class MemoryLinks:
    """:class:`hkeid.residents.links.LinkRepository`."""

    __slots__ = ("_journal", "_links")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._links: dict[tuple[str, bytes], Link] = {}

    def add(self, link: Link) -> bool:
        """Keep a new link; False where the subject has one already."""
        place = (link.provider, link.subject)
        if place in self._links:
            return False
        self._journal.set(self._links, place, link)
        return True

    def find(self, provider: str, subject: bytes) -> Link | None:
        """The link of a subject."""
        return self._links.get((provider, subject))

    def of_resident(self, resident_id: str) -> tuple[Link, ...]:
        """A resident's links, oldest first."""
        found = [one for one in self._links.values() if one.resident_id == resident_id]
        return tuple(sorted(found, key=lambda one: (one.linked_at, one.provider, one.subject)))

    def move(self, old: Link, new: Link) -> bool:
        """Replace a link that still belongs to the same resident."""
        place = (old.provider, old.subject)
        stored = self._links.get(place)
        if stored is None or stored.resident_id != old.resident_id:
            return False
        self._journal.set(
            self._links, place, replace(new, provider=old.provider, subject=old.subject)
        )
        return True

    def note_use(self, provider: str, subject: bytes, now: Instant) -> bool:
        """Note a login."""
        stored = self._links.get((provider, subject))
        if stored is None:
            return False
        self._journal.set(self._links, (provider, subject), replace(stored, used_at=now))
        return True

    def remove(self, resident_id: str, provider: str, subject: bytes) -> bool:
        """Forget one link of a resident."""
        stored = self._links.get((provider, subject))
        if stored is None or stored.resident_id != resident_id:
            return False
        return self._journal.remove(self._links, (provider, subject))

    def delete(self, resident_id: str) -> int:
        """Forget all links of a resident."""
        found = self.of_resident(resident_id)
        for one in found:
            self._journal.remove(self._links, (one.provider, one.subject))
        return len(found)


class MemoryUpstreamSessions(MemoryExpiring[str]):
    """:class:`hkeid.broker.upstream_records.UpstreamSessionRepository`."""

    __slots__ = ("_journal", "_sessions")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._sessions: dict[str, UpstreamSession] = {}

    def put(self, session: UpstreamSession) -> None:
        """Keep, in the place of what was kept for the same session."""
        self._journal.set(self._sessions, session.session_id, session)

    def of_session(self, session_id: str) -> UpstreamSession | None:
        """What is kept for a session of ours."""
        return self._sessions.get(session_id)

    def of_subject(self, provider: str, subject: bytes) -> tuple[UpstreamSession, ...]:
        """Those that a subject opened."""
        found = [
            one
            for one in self._sessions.values()
            if one.provider == provider and one.subject == subject
        ]
        return tuple(sorted(found, key=lambda one: one.session_id))

    def find(
        self, provider: str, *, holder: bytes | None, sessions: Collection[bytes] = ()
    ) -> tuple[UpstreamSession, ...]:
        """By holder, by names, or by both."""
        if holder is None and not sessions:
            return ()
        found = [
            one
            for one in self._sessions.values()
            if one.provider == provider
            and holder in (None, one.holder or one.subject)
            and (not sessions or one.upstream_session in sessions)
        ]
        return tuple(sorted(found, key=lambda one: one.session_id))

    def _ends(self) -> Iterator[tuple[Instant, str]]:
        return ((one.expires_at, key) for key, one in self._sessions.items())

    def _forget(self, key: str) -> None:
        self._journal.remove(self._sessions, key)
