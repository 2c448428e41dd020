"""Logout notices in SQL."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.life_tables import logout_notices
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.doors.logout.records import LogoutNotice
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds

_n = logout_notices.c
_LIMIT: Final[Any] = bindparam("limit", required=True)
_as_before = (
    _n.session_id == param(_n.session_id, "of_session"),
    _n.client_id == param(_n.client_id, "of_client"),
    _n.attempts == param(_n.attempts, "old_attempts"),
    _n.next_at == param(_n.next_at, "old_next_at"),
)

_ADD: Final = Statement(insert(logout_notices).values(values(logout_notices)))
_CLIENTS_DUE: Final = Statement(
    select(_n.client_id)
    .where(_n.next_at <= param(_n.next_at, "now"))
    .group_by(_n.client_id)
    .order_by(func.min(_n.next_at), _n.client_id)
    .limit(_LIMIT)
)
_DUE: Final = Statement(
    select(logout_notices)
    .where(_n.client_id == param(_n.client_id), _n.next_at <= param(_n.next_at, "now"))
    .order_by(_n.next_at, _n.session_id)
    .limit(_LIMIT)
)
_OF_SESSION: Final = Statement(
    select(logout_notices).where(_n.session_id == param(_n.session_id)).order_by(_n.client_id)
)
_TAKE: Final = Statement(
    update(logout_notices)
    .where(*_as_before)
    .values(next_at=param(_n.next_at), attempts=param(_n.attempts))
)
_POSTPONE: Final = Statement(
    update(logout_notices)
    .where(_n.client_id == param(_n.client_id, "of_client"), _n.next_at <= param(_n.next_at, "now"))
    .values(next_at=param(_n.next_at, "until"))
)
_REMOVE: Final = Statement(delete(logout_notices).where(*_as_before))


class SqlLogoutNotices(SqlExpiring):
    """:class:`hkeid.doors.logout.records.LogoutNoticeRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(logout_notices, _n.ended_at, _n.session_id, _n.client_id)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, notice: LogoutNotice) -> None:
        """Keep a new notice.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        self._connection.change(
            _ADD,
            {
                "session_id": notice.session_id,
                "client_id": notice.client_id,
                "subject": notice.subject,
                "ended_at": epoch_microseconds(notice.ended_at),
                "next_at": epoch_microseconds(notice.next_at),
                "attempts": notice.attempts,
            },
        )

    def clients_due(self, now: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Clients whose time has come; who has waited longest first."""
        parameters = {"now": epoch_microseconds(now), "limit": limit}
        return tuple(row[0] for row in self._connection.rows(_CLIENTS_DUE, parameters))

    def due(self, client_id: str, now: Instant, *, limit: int) -> tuple[LogoutNotice, ...]:
        """A client's notices whose time has come, the oldest first."""
        parameters = {"client_id": client_id, "now": epoch_microseconds(now), "limit": limit}
        return tuple(_notice(row) for row in self._connection.rows(_DUE, parameters))

    def of_session(self, session_id: str) -> tuple[LogoutNotice, ...]:
        """What is not delivered yet of a session, in order of client."""
        rows = self._connection.rows(_OF_SESSION, {"session_id": session_id})
        return tuple(_notice(row) for row in rows)

    def take(self, old: LogoutNotice, new: LogoutNotice) -> bool:
        """Replace attempts and time, if nobody has taken it up since."""
        parameters = {
            **_before(old),
            "attempts": new.attempts,
            "next_at": epoch_microseconds(new.next_at),
        }
        return self._connection.change(_TAKE, parameters) == 1

    def postpone(self, client_id: str, now: Instant, until: Instant) -> int:
        """Move what is due of a client."""
        parameters = {
            "of_client": client_id,
            "now": epoch_microseconds(now),
            "until": epoch_microseconds(until),
        }
        return self._connection.change(_POSTPONE, parameters)

    def remove(self, notice: LogoutNotice) -> bool:
        """Delete, if nobody has taken it up since."""
        return self._connection.change(_REMOVE, _before(notice)) == 1


def _before(notice: LogoutNotice) -> dict[str, Any]:
    return {
        "of_session": notice.session_id,
        "of_client": notice.client_id,
        "old_attempts": notice.attempts,
        "old_next_at": epoch_microseconds(notice.next_at),
    }


def _notice(row: Row) -> LogoutNotice:
    session_id, client_id, subject, ended_at, next_at, attempts = row
    return LogoutNotice(
        session_id=session_id,
        client_id=client_id,
        subject=subject,
        ended_at=from_epoch_microseconds(ended_at),
        next_at=from_epoch_microseconds(next_at),
        attempts=attempts,
    )
