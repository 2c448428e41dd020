"""Links to upstreams, and the sessions they opened, in SQL."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import ClauseElement, and_, delete, or_, select, update

from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.statements import Insert, Statement, param, values
from hkeid.adapters.sql.upstream_tables import upstream_links, upstream_sessions
from hkeid.broker.upstream_records import UpstreamSession
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.residents.links import Link, LinkOrigin

_l = upstream_links.c
_this_link = and_(_l.provider == param(_l.provider), _l.subject == param(_l.subject))
_this_residents = and_(_this_link, _l.resident_id == param(_l.resident_id, "of_resident"))


def _insert_link(insert: Insert) -> ClauseElement:
    statement: ClauseElement = (
        insert(upstream_links).values(values(upstream_links)).on_conflict_do_nothing()
    )
    return statement


_ADD: Final = Statement(_insert_link)
_FIND: Final = Statement(select(upstream_links).where(_this_link))
_OF_RESIDENT: Final = Statement(
    select(upstream_links)
    .where(_l.resident_id == param(_l.resident_id, "of_resident"))
    .order_by(_l.linked_at, _l.provider, _l.subject)
)
_MOVE: Final = Statement(
    update(upstream_links)
    .where(_this_residents)
    .values({name: param(_l[name]) for name in ("resident_id", "origin", "linked_at", "used_at")})
)
_USE: Final = Statement(update(upstream_links).where(_this_link).values(used_at=param(_l.used_at)))
_REMOVE: Final = Statement(delete(upstream_links).where(_this_residents))
_DELETE: Final = Statement(
    delete(upstream_links).where(_l.resident_id == param(_l.resident_id, "of_resident"))
)


class SqlLinks:
    """:class:`hkeid.residents.links.LinkRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, link: Link) -> bool:
        """Keep a new link; False where the subject has one already."""
        return self._connection.change(_ADD, _written(link)) == 1

    def find(self, provider: str, subject: bytes) -> Link | None:
        """The link of a subject."""
        row = self._connection.find(_FIND, {"provider": provider, "subject": subject})
        return None if row is None else _link(row)

    def of_resident(self, resident_id: str) -> tuple[Link, ...]:
        """A resident's links, oldest first."""
        rows = self._connection.rows(_OF_RESIDENT, {"of_resident": resident_id})
        return tuple(_link(row) for row in rows)

    def move(self, old: Link, new: Link) -> bool:
        """Replace a link that still belongs to the same resident."""
        parameters = {
            **_written(new),
            "provider": old.provider,
            "subject": old.subject,
            "of_resident": old.resident_id,
        }
        return self._connection.change(_MOVE, parameters) == 1

    def note_use(self, provider: str, subject: bytes, now: Instant) -> bool:
        """Note a login."""
        parameters = {
            "provider": provider,
            "subject": subject,
            "used_at": epoch_microseconds(now),
        }
        return self._connection.change(_USE, parameters) == 1

    def remove(self, resident_id: str, provider: str, subject: bytes) -> bool:
        """Forget one link of a resident."""
        parameters = {"of_resident": resident_id, "provider": provider, "subject": subject}
        return self._connection.change(_REMOVE, parameters) == 1

    def delete(self, resident_id: str) -> int:
        """Forget all links of a resident."""
        return self._connection.change(_DELETE, {"of_resident": resident_id})


def _written(link: Link) -> dict[str, object]:
    return {
        "provider": link.provider,
        "subject": link.subject,
        "resident_id": link.resident_id,
        "origin": link.origin.value,
        "linked_at": epoch_microseconds(link.linked_at),
        "used_at": epoch_microseconds(link.used_at),
    }


def _link(row: Row) -> Link:
    provider, subject, resident_id, origin, linked_at, used_at = row
    return Link(
        provider=provider,
        subject=subject,
        resident_id=resident_id,
        origin=LinkOrigin(origin),
        linked_at=from_epoch_microseconds(linked_at),
        used_at=from_epoch_microseconds(used_at),
    )


_s = upstream_sessions.c
_of_provider = _s.provider == param(_s.provider)


def _upsert_session(insert: Insert) -> ClauseElement:
    fresh = insert(upstream_sessions).values(values(upstream_sessions))
    changed = ("provider", "subject", "upstream_session", "kept", "expires_at", "holder")
    statement: ClauseElement = fresh.on_conflict_do_update(
        index_elements=[_s.session_id], set_={name: fresh.excluded[name] for name in changed}
    )
    return statement


_PUT: Final = Statement(_upsert_session)
_OF_SESSION: Final = Statement(
    select(upstream_sessions).where(_s.session_id == param(_s.session_id))
)
_BY_SUBJECT: Final = Statement(
    select(upstream_sessions)
    .where(_of_provider, _s.subject == param(_s.subject))
    .order_by(_s.session_id)
)
_BY_HOLDER: Final = Statement(
    select(upstream_sessions)
    .where(
        _of_provider,
        or_(
            _s.holder == param(_s.holder),
            and_(_s.holder.is_(None), _s.subject == param(_s.subject)),
        ),
    )
    .order_by(_s.session_id)
)
_BY_NAME: Final = Statement(
    select(upstream_sessions)
    .where(_of_provider, _s.upstream_session == param(_s.upstream_session))
    .order_by(_s.session_id)
)


class SqlUpstreamSessions(SqlExpiring):
    """:class:`hkeid.broker.upstream_records.UpstreamSessionRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(upstream_sessions, _s.expires_at, _s.session_id)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def put(self, session: UpstreamSession) -> None:
        """Keep, in the place of what was kept for the same session."""
        parameters = {
            "session_id": session.session_id,
            "provider": session.provider,
            "subject": session.subject,
            "upstream_session": session.upstream_session,
            "kept": session.kept,
            "expires_at": epoch_microseconds(session.expires_at),
            "holder": session.holder,
        }
        self._connection.change(_PUT, parameters)

    def of_session(self, session_id: str) -> UpstreamSession | None:
        """What is kept for a session of ours."""
        row = self._connection.find(_OF_SESSION, {"session_id": session_id})
        return None if row is None else _upstream_session(row)

    def of_subject(self, provider: str, subject: bytes) -> tuple[UpstreamSession, ...]:
        """Those that a subject opened."""
        rows = self._connection.rows(_BY_SUBJECT, {"provider": provider, "subject": subject})
        return tuple(map(_upstream_session, rows))

    def find(
        self, provider: str, *, holder: bytes | None, sessions: Collection[bytes] = ()
    ) -> tuple[UpstreamSession, ...]:
        """By holder, by names, or by both."""
        if holder is not None:
            wanted = {"provider": provider, "holder": holder, "subject": holder}
            rows = self._connection.rows(_BY_HOLDER, wanted)
            found = [_upstream_session(row) for row in rows]
            return tuple(one for one in found if not sessions or one.upstream_session in sessions)
        rows = [
            row
            for name in dict.fromkeys(sessions)
            for row in self._connection.rows(
                _BY_NAME, {"provider": provider, "upstream_session": name}
            )
        ]
        found = [_upstream_session(row) for row in rows]
        return tuple(sorted(found, key=lambda one: one.session_id))


def _upstream_session(row: Row) -> UpstreamSession:
    session_id, provider, subject, upstream_session, kept, expires_at, holder = row
    return UpstreamSession(
        session_id=session_id,
        provider=provider,
        subject=subject,
        upstream_session=upstream_session,
        kept=kept,
        expires_at=from_epoch_microseconds(expires_at),
        holder=holder,
    )
