"""Participations of services in sessions, in memory."""

from __future__ import annotations

from collections.abc import Iterator

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.kernel.instants import Instant
from hkeid.saml.idp.records import Participation

_Key = tuple[str, str, str]


class MemoryParticipations(MemoryExpiring[_Key]):
    """:class:`hkeid.saml.idp.ParticipationRepository`."""

    __slots__ = ("_by_key", "_by_name", "_by_session", "_journal")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._by_key: dict[_Key, Participation] = {}
        self._by_session: dict[str, dict[_Key, None]] = {}
        self._by_name: dict[tuple[str, str], dict[_Key, None]] = {}

    def put(self, one: Participation) -> None:
        """Keep, in the place of the same session, service and name."""
        key = (one.session_id, one.entity_id, one.name_id)
        self._journal.set(self._by_key, key, one)
        self._journal.link(self._by_session, one.session_id, key)
        self._journal.link(self._by_name, (one.entity_id, one.name_id), key)

    def of_session(self, session_id: str) -> tuple[Participation, ...]:
        """All services of a session."""
        return tuple(self._by_key[key] for key in sorted(self._by_session.get(session_id, ())))

    def of_name(self, entity_id: str, name_id: str) -> tuple[Participation, ...]:
        """All sessions in which a service knows a resident by a name, newest first."""
        found = [self._by_key[key] for key in sorted(self._by_name.get((entity_id, name_id), ()))]
        return tuple(sorted(found, key=lambda one: one.created_at, reverse=True))

    def remove(self, session_id: str, entity_id: str) -> int:
        """Forget a service of a session."""
        keys = [key for key in self._by_session.get(session_id, ()) if key[1] == entity_id]
        for key in keys:
            self._forget(key)
        return len(keys)

    def _ends(self) -> Iterator[tuple[Instant, _Key]]:
        return ((one.expires_at, key) for key, one in self._by_key.items())

    def _forget(self, key: _Key) -> None:
        session_id, entity_id, name_id = key
        self._journal.remove(self._by_key, key)
        self._journal.unlink(self._by_session, session_id, key)
        self._journal.unlink(self._by_name, (entity_id, name_id), key)
