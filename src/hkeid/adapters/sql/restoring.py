"""What a restored data store needs before it may serve."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete, update

from hkeid.adapters.sql.officers_tables import officer_sessions
from hkeid.adapters.sql.schema import RESTORE_PENDING
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.adapters.sql.store import SqlTransaction
from hkeid.adapters.sql.tables import access_tokens, grants, sessions, single_use, store_state
from hkeid.kernel.instants import Instant, epoch_microseconds

_MARK: Final = Statement(
    lambda insert: insert(store_state).values(values(store_state)).on_conflict_do_nothing()
)
_UNMARK: Final = Statement(
    delete(store_state).where(store_state.c.name == bindparam("of_name", required=True))
)
_END_SESSIONS: Final = Statement(
    update(sessions)
    .where(sessions.c.ended_at.is_(None))
    .values(ended_at=param(sessions.c.ended_at, "now"))
)
_END_OFFICER_SESSIONS: Final = Statement(
    update(officer_sessions)
    .where(officer_sessions.c.ended_at.is_(None))
    .values(ended_at=param(officer_sessions.c.ended_at, "now"))
)
_REVOKE_GRANTS: Final = Statement(
    update(grants)
    .where(grants.c.revoked_at.is_(None))
    .values(revoked_at=param(grants.c.revoked_at, "now"))
)
_REVOKE_SINGLE_USE: Final = Statement(
    update(single_use)
    .where(single_use.c.revoked_at.is_(None))
    .values(revoked_at=param(single_use.c.revoked_at, "now"))
)
_DELETE_TOKENS: Final = Statement(delete(access_tokens))


def mark(tx: SqlTransaction) -> None:
    """From here on the store refuses to serve."""
    tx._connection.change(_MARK, {"name": RESTORE_PENDING, "value": ""})  # noqa: SLF001


def unmark(tx: SqlTransaction) -> None:
    """The store may serve."""
    tx._connection.change(_UNMARK, {"of_name": RESTORE_PENDING})  # noqa: SLF001


def end_what_was_under_way(tx: SqlTransaction, now: Instant) -> tuple[int, int]:
    """Void everything that lives for hours or less; returns how many sessions and grants ended.

    What was used up, logged out or revoked after the backup is alive again in it: a rotated refresh
    token could be used a second time (law 1). Nobody can tell which, so all of them end.
    """
    moment = {"now": epoch_microseconds(now)}
    connection = tx._connection  # noqa: SLF001
    ended = connection.change(_END_SESSIONS, moment)
    connection.change(_END_OFFICER_SESSIONS, moment)
    revoked = connection.change(_REVOKE_GRANTS, moment)
    connection.change(_REVOKE_SINGLE_USE, moment)
    connection.change(_DELETE_TOKENS, {})
    return ended, revoked
