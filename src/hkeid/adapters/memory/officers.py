"""Officers, their credentials, sessions and accesses in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.adapters.memory.residents import MemoryCredentials
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant
from hkeid.officers.records import Officer, OfficerSession, RecordAccess
from hkeid.residents.records import Credential


class MemoryOfficers:
    """:class:`hkeid.officers.records.OfficerRepository`."""

    __slots__ = ("_handles", "_journal", "_officers")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._officers: dict[str, Officer] = {}
        self._handles: dict[bytes, None] = {}

    def add(self, officer: Officer) -> bool:
        """Keep a new officer; False when the id or user handle is taken."""
        if officer.id in self._officers or officer.user_handle in self._handles:
            return False
        self._journal.set(self._officers, officer.id, officer)
        self._journal.set(self._handles, officer.user_handle, None)
        return True

    def get(self, officer_id: str) -> Officer | None:
        """By id."""
        return self._officers.get(officer_id)

    def change(self, old: Officer, new: Officer) -> bool:
        """Compare-and-set on the version."""
        stored = self._officers.get(old.id)
        if stored is None or stored.version != old.version:
            return False
        changed = replace(
            stored,
            name=new.name,
            own_number=new.own_number,
            roles=new.roles,
            status=new.status,
            updated_at=new.updated_at,
            version=old.version + 1,
        )
        self._journal.set(self._officers, old.id, changed)
        return True

    def __iter__(self) -> Iterator[Officer]:
        return iter([self._officers[key] for key in sorted(self._officers)])


class MemoryOfficerCredentials(MemoryCredentials):
    """:class:`hkeid.officers.records.OfficerCredentialRepository`: a registry of its own."""

    __slots__ = ()

    def of_officer(self, officer_id: str) -> tuple[Credential, ...]:
        """All of an officer's, oldest first."""
        return self.of_resident(officer_id)


class MemoryOfficerSessions(MemoryExpiring[str]):
    """:class:`hkeid.officers.records.OfficerSessionRepository`."""

    __slots__ = ("_by_digest", "_journal", "_sessions")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._sessions: dict[str, OfficerSession] = {}
        self._by_digest: dict[bytes, str] = {}

    def add(self, session: OfficerSession) -> None:
        """Keep a new session.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        if session.id in self._sessions or session.digest in self._by_digest:
            raise self._journal.doom(Refused("record_exists", detail="officer_sessions"))
        self._journal.set(self._sessions, session.id, session)
        self._journal.set(self._by_digest, session.digest, session.id)

    def get(self, session_id: str) -> OfficerSession | None:
        """By id, ended or not."""
        return self._sessions.get(session_id)

    def by_digest(self, digest: bytes) -> OfficerSession | None:
        """By the digest of the reference, ended or not."""
        session_id = self._by_digest.get(digest)
        return None if session_id is None else self._sessions[session_id]

    def renew(self, session: OfficerSession, *, old_digest: bytes) -> bool:
        """Replace reference, credential and times of a live session that still has ``old_digest``."""
        stored = self._sessions.get(session.id)
        if stored is None or stored.ended_at is not None or stored.digest != old_digest:
            return False
        renewed = replace(
            stored,
            digest=session.digest,
            credential_id=session.credential_id,
            stepped_up_at=session.stepped_up_at,
            expires_at=session.expires_at,
        )
        self._journal.remove(self._by_digest, old_digest)
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

    def end_of_officer(self, officer_id: str, now: Instant) -> int:
        """End all of an officer's."""
        owned = [one.id for one in self._sessions.values() if one.officer_id == officer_id]
        return sum(self.end(session_id, now) for session_id in owned)

    def _ends(self) -> Iterator[tuple[Instant, str]]:
        return ((one.expires_at, key) for key, one in self._sessions.items())

    def _forget(self, key: str) -> None:
        self._journal.remove(self._by_digest, self._sessions[key].digest)
        self._journal.remove(self._sessions, key)


class MemoryRecordAccesses:
    """:class:`hkeid.officers.records.RecordAccessRepository`."""

    __slots__ = ("_accesses", "_journal")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._accesses: dict[str, RecordAccess] = {}

    def add(self, access: RecordAccess) -> None:
        """Keep a new access.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        if access.id in self._accesses:
            raise self._journal.doom(Refused("record_exists", detail="record_accesses"))
        self._journal.set(self._accesses, access.id, access)

    def get(self, access_id: str) -> RecordAccess | None:
        """By id."""
        return self._accesses.get(access_id)

    def of_resident(self, resident_id: str, *, limit: int = 200) -> tuple[RecordAccess, ...]:
        """A resident's, newest first."""
        return self._newest(lambda one: one.resident_id == resident_id, limit)

    def of_case(self, case_id: str, *, limit: int = 200) -> tuple[RecordAccess, ...]:
        """Those of one case, newest first."""
        return self._newest(lambda one: one.case_id == case_id, limit)

    def bind_case(self, case_id: str, resident_id: str) -> int:
        """Say whose case it was, where nothing says so yet."""
        found = [
            one
            for one in self._accesses.values()
            if one.case_id == case_id and one.resident_id is None
        ]
        for one in found:
            self._journal.set(self._accesses, one.id, replace(one, resident_id=resident_id))
        return len(found)

    def unbound_cases(self, since: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Cases that were looked at and belong to nobody yet."""
        found = {
            one.case_id
            for one in self._accesses.values()
            if one.at >= since and one.case_id is not None and one.resident_id is None
        }
        return tuple(sorted(found)[:limit])

    def since(self, moment: Instant, *, limit: int = 1000) -> tuple[RecordAccess, ...]:
        """All of them from ``moment`` on, newest first."""
        return self._newest(lambda one: one.at >= moment, limit)

    def _newest(
        self, wanted: Callable[[RecordAccess], bool], limit: int
    ) -> tuple[RecordAccess, ...]:
        found = [one for one in self._accesses.values() if wanted(one)]
        return tuple(sorted(found, key=lambda one: (one.at, one.id), reverse=True)[:limit])

    def names_of(self, resident_id: str) -> tuple[str, ...]:
        """Ids of the accesses to a resident's record."""
        return tuple(one.id for one in self._accesses.values() if one.resident_id == resident_id)

    def forget(self, name: str) -> None:
        """Delete an access."""
        self._journal.remove(self._accesses, name)
