"""Single-use things and attempt budgets in SQL: one conditional statement each (law 1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    and_,
    bindparam,
    case,
    delete,
    literal_column,
    or_,
    select,
    update,
)

from hkeid.adapters.budget_windows import seconds_left
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.statements import Insert, Statement, param, values
from hkeid.adapters.sql.tables import attempt_budgets, single_use
from hkeid.kernel.errors import Unavailable
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.ports.storage import BudgetAnswer, Lost, SingleUseRecord, UseOutcome, Vanished, Won

_s = single_use.c
_this_one = and_(_s.kind == param(_s.kind), _s.digest == param(_s.digest))

_PUT: Final = Statement(
    lambda insert: insert(single_use).values(values(single_use)).on_conflict_do_nothing()
)
_LOOK: Final = Statement(select(single_use).where(_this_one))
_USE_UP: Final = Statement(
    update(single_use)
    .where(
        _this_one,
        _s.used_at.is_(None),
        _s.revoked_at.is_(None),
        _s.expires_at > param(_s.expires_at, "now"),
    )
    .values(used_at=param(_s.used_at, "now"), result=param(_s.result, "outcome"))
    .returning(*_s)
)
_REVOKE_FAMILY: Final = Statement(
    update(single_use)
    .where(_s.family == param(_s.family, "of_family"), _s.revoked_at.is_(None))
    .values(revoked_at=param(_s.revoked_at, "now"))
)


class SqlSingleUse(SqlExpiring):
    """:class:`hkeid.ports.SingleUse`.

    PostgreSQL runs these under READ COMMITTED: an UPDATE that meets a row which somebody else is
    changing waits for that transaction and then checks its WHERE again on what came of it. So of any
    number of callers one finds the row unused, and if that one rolls back, the next does.

    But whoever waited keeps a lock on that row to the end of its transaction, also when the WHERE
    turned it down. A loser that goes on to revoke the family would hold one member and want the
    others, while another loser does the same from another side: a deadlock. So callers queue for an
    advisory lock of the thing first, and a loser leaves with no row locked.
    """

    __slots__ = ("_connection",)

    EXPIRY = Expiry(single_use, _s.expires_at, _s.kind, _s.digest)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def put(self, record: SingleUseRecord) -> bool:
        """Keep a new record; False when kind and digest exist already.

        A rival that has not committed yet is waited for, so False is never an answer about
        something that then rolls back.
        """
        return self._connection.change(_PUT, _parameters(record)) == 1

    def look(self, kind: str, digest: bytes) -> SingleUseRecord | None:
        """Read without using."""
        row = self._connection.find(_LOOK, {"kind": kind, "digest": digest})
        return None if row is None else _record(row)

    def use_up(
        self, kind: str, digest: bytes, now: Instant, *, result: bytes | None = None
    ) -> UseOutcome:
        """Use it up; exactly one caller wins."""
        self._connection.one_at_a_time(f"single-use {kind} {digest.hex()}")
        moment = epoch_microseconds(now)
        key = {"kind": kind, "digest": digest}
        parameters = {**key, "now": moment, "outcome": result}
        # A record that another transaction puts between the two statements is seen by the second
        # alone and still unused: then the first has another try.
        for _ in range(3):
            row = self._connection.one(_USE_UP, parameters)
            if row is not None:
                return Won(_record(row))
            record = self.look(kind, digest)
            if record is None or record.revoked_at is not None:
                return Vanished(record)
            if record.used_at is not None:
                return Lost(record)
            if now >= record.expires_at:
                return Vanished(record)
        raise Unavailable("store_busy", detail="single_use")

    def revoke_family(self, family: str, now: Instant) -> int:
        """Revoke every record of the family, those put by a rival meanwhile included.

        Under READ COMMITTED one UPDATE waits for a rotation that is under way, but does not see the
        successor which that rotation put: the statement's snapshot is older. The next UPDATE sees
        it. When one finds nothing more, every member is revoked and held until this transaction
        ends, so that no rotation can add another.
        """
        # Two revocations at once could lock the members in different order and wait in a circle.
        self._connection.one_at_a_time(f"single-use family {family}")
        parameters = {"of_family": family, "now": epoch_microseconds(now)}
        revoked = 0
        while found := self._connection.change(_REVOKE_FAMILY, parameters):
            revoked += found
        return revoked


def _parameters(record: SingleUseRecord) -> dict[str, object]:
    used_at, revoked_at = record.used_at, record.revoked_at
    return {
        "kind": record.kind,
        "digest": record.digest,
        "family": record.family,
        "payload": record.payload,
        "created_at": epoch_microseconds(record.created_at),
        "expires_at": epoch_microseconds(record.expires_at),
        "used_at": None if used_at is None else epoch_microseconds(used_at),
        "result": record.result,
        "revoked_at": None if revoked_at is None else epoch_microseconds(revoked_at),
    }


def _record(row: Row) -> SingleUseRecord:
    kind, digest, family, payload, created_at, expires_at, used_at, result, revoked_at = row
    return SingleUseRecord(
        kind=kind,
        digest=digest,
        family=family,
        payload=payload,
        created_at=from_epoch_microseconds(created_at),
        expires_at=from_epoch_microseconds(expires_at),
        used_at=None if used_at is None else from_epoch_microseconds(used_at),
        result=result,
        revoked_at=None if revoked_at is None else from_epoch_microseconds(revoked_at),
    )


_b = attempt_budgets.c
_now = param(_b.window_ends_at, "now")
_this_budget = and_(_b.kind == param(_b.kind), _b.subject == param(_b.subject))


def _spending(insert: Insert) -> ClauseElement:
    one = literal_column("1", BigInteger())
    over = _b.window_ends_at <= _now
    fresh = insert(attempt_budgets).values({**values(attempt_budgets), "spent": one})
    statement: ClauseElement = fresh.on_conflict_do_update(
        index_elements=[_b.kind, _b.subject],
        set_={
            "spent": case((over, one), else_=_b.spent + one),
            "window_ends_at": case((over, fresh.excluded.window_ends_at), else_=_b.window_ends_at),
        },
        where=or_(over, _b.spent < bindparam("most", type_=BigInteger(), required=True)),
    ).returning(_b.spent)
    return statement


_SPEND: Final = Statement(_spending)
_WINDOW: Final = Statement(select(_b.window_ends_at).where(_this_budget))
_REFUND: Final = Statement(delete(attempt_budgets).where(_this_budget))


class SqlAttemptBudgets(SqlExpiring):
    """:class:`hkeid.ports.AttemptBudgets`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(attempt_budgets, _b.window_ends_at, _b.kind, _b.subject)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def spend(
        self, kind: str, subject: bytes, *, limit: int, window: timedelta, now: Instant
    ) -> BudgetAnswer:
        """Take one attempt from the budget."""
        if limit < 1:
            return BudgetAnswer(allowed=False, remaining=0, retry_after=seconds_left(window))
        parameters = {
            "kind": kind,
            "subject": subject,
            "now": epoch_microseconds(now),
            "window_ends_at": epoch_microseconds(now + window),
            "most": limit,
        }
        row = self._connection.one(_SPEND, parameters)
        if row is not None:
            return BudgetAnswer(allowed=True, remaining=limit - row[0])
        left = self._connection.one(_WINDOW, {"kind": kind, "subject": subject})
        # Gone by now: refunded or purged by another, so the next attempt may come at once.
        wait = timedelta() if left is None else from_epoch_microseconds(left[0]) - now
        return BudgetAnswer(allowed=False, remaining=0, retry_after=seconds_left(wait))

    def refund(self, kind: str, subject: bytes) -> None:
        """Forget what was spent."""
        self._connection.change(_REFUND, {"kind": kind, "subject": subject})
