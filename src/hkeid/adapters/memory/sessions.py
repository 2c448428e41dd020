"""Broker sessions in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.broker.records import Session
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant


class MemorySessions(MemoryExpiring[str]):
    """:class:`hkeid.broker.records.SessionRepository`."""

    __slots__ = ("_by_digest", "_journal", "_of_resident", "_sessions")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._sessions: dict[str, Session] = {}
        self._by_digest: dict[bytes, str] = {}
        self._of_resident: dict[str, dict[str, None]] = {}

    def add(self, session: Session) -> None:
        """Keep a new session.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        if session.id in self._sessions or session.digest in self._by_digest:
            raise self._journal.doom(Refused("record_exists", detail="sessions"))
        self._journal.set(self._sessions, session.id, session)
        self._journal.set(self._by_digest, session.digest, session.id)
        self._journal.link(self._of_resident, session.resident_id, session.id)

    def get(self, session_id: str) -> Session | None:
        """By internal id, ended or not."""
        return self._sessions.get(session_id)

    def by_digest(self, digest: bytes) -> Session | None:
        """By the digest of the browser's reference, ended or not."""
        session_id = self._by_digest.get(digest)
        return None if session_id is None else self._sessions[session_id]

    def renew(self, session: Session) -> bool:
        """Replace digest, credential, acr, amr, times and limits of the same resident's live session."""
        stored = self._sessions.get(session.id)
        if (
            stored is None
            or stored.ended_at is not None
            or stored.resident_id != session.resident_id
        ):
            return False
        if self._by_digest.get(session.digest, session.id) != session.id:
            raise self._journal.doom(Refused("record_exists", detail="sessions"))
        renewed = replace(
            stored,
            digest=session.digest,
            credential_id=session.credential_id,
            acr=session.acr,
            amr=session.amr,
            authenticated_at=session.authenticated_at,
            expires_at=session.expires_at,
            ends_at=session.ends_at,
            proxying=session.proxying,
        )
        self._journal.remove(self._by_digest, stored.digest)
        self._journal.set(self._by_digest, renewed.digest, renewed.id)
        self._journal.set(self._sessions, renewed.id, renewed)
        return True

    def touch(self, session_id: str, *, digest: bytes, expires_at: Instant) -> bool:
        """Move the idle limit of a live session whose reference is still ``digest``."""
        stored = self._sessions.get(session_id)
        if stored is None or stored.ended_at is not None or stored.digest != digest:
            return False
        self._journal.set(self._sessions, session_id, replace(stored, expires_at=expires_at))
        return True

    def end(self, session_id: str, now: Instant) -> bool:
        """End; False when there is none or it ended already."""
        stored = self._sessions.get(session_id)
        if stored is None or stored.ended_at is not None:
            return False
        self._journal.set(self._sessions, session_id, replace(stored, ended_at=now))
        return True

    def of_resident(self, resident_id: str) -> tuple[Session, ...]:
        """A resident's sessions that have not ended, newest first."""
        found = [self._sessions[key] for key in self._of_resident.get(resident_id, ())]
        live = [session for session in found if session.ended_at is None]
        return tuple(sorted(live, key=lambda one: (one.created_at, one.id), reverse=True))

    def _ends(self) -> Iterator[tuple[Instant, str]]:
        return ((one.expires_at, key) for key, one in self._sessions.items())

    def _forget(self, key: str) -> None:
        session = self._sessions[key]
        self._journal.remove(self._sessions, key)
        self._journal.remove(self._by_digest, session.digest)
        self._journal.unlink(self._of_resident, session.resident_id, key)
