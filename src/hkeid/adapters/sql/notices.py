"""Notices in SQL."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ClauseElement, bindparam, delete, insert, select, update

from hkeid.adapters.sql.columns import instant, moment, word_list, words
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.life_tables import notice_choices, notices
from hkeid.adapters.sql.statements import Insert, Statement, param, values
from hkeid.enrolment.notices.records import DueNotice, NoticeOutcome
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.ports.notices import Channel

_n = notices.c
_LIMIT: Final[Any] = bindparam("limit", required=True)

_ADD: Final = Statement(insert(notices).values(values(notices)))
_DUE: Final = Statement(
    select(notices)
    .where(_n.done_at.is_(None), _n.next_at <= param(_n.next_at, "now"))
    .order_by(_n.next_at, _n.id)
    .limit(_LIMIT)
)
_CHANGE: Final = Statement(
    update(notices)
    .where(
        _n.id == param(_n.id, "of_id"),
        _n.attempts == param(_n.attempts, "old_attempts"),
        _n.next_at == param(_n.next_at, "old_next_at"),
        _n.done_at.is_(None),
    )
    .values(
        next_at=param(_n.next_at),
        attempts=param(_n.attempts),
        told=param(_n.told),
        done_at=param(_n.done_at),
        outcome=param(_n.outcome),
    )
)
_OF_RESIDENT: Final = Statement(
    select(notices)
    .where(_n.resident_id == param(_n.resident_id))
    .order_by(_n.due_at.desc(), _n.id)
    .limit(_LIMIT)
)


class SqlNotices(SqlExpiring):
    """:class:`hkeid.enrolment.notices.NoticeRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(notices, _n.due_at, _n.id)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, notice: DueNotice) -> None:
        """Keep a new notice.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        self._connection.change(
            _ADD,
            {
                "id": notice.id,
                "resident_id": notice.resident_id,
                "about": notice.about,
                "due_at": epoch_microseconds(notice.due_at),
                **_changing(notice),
            },
        )

    def due(self, now: Instant, *, limit: int) -> tuple[DueNotice, ...]:
        """Those not done whose time has come, the oldest first."""
        parameters = {"now": epoch_microseconds(now), "limit": limit}
        return tuple(_notice(row) for row in self._connection.rows(_DUE, parameters))

    def change(self, old: DueNotice, new: DueNotice) -> bool:
        """Replace, if nobody has taken it up or finished it since."""
        parameters = {
            "of_id": old.id,
            "old_attempts": old.attempts,
            "old_next_at": epoch_microseconds(old.next_at),
            **_changing(new),
        }
        return self._connection.change(_CHANGE, parameters) == 1

    def of_resident(self, resident_id: str, *, limit: int = 50) -> tuple[DueNotice, ...]:
        """A resident's notices, newest first."""
        parameters = {"resident_id": resident_id, "limit": limit}
        return tuple(_notice(row) for row in self._connection.rows(_OF_RESIDENT, parameters))


def _changing(notice: DueNotice) -> dict[str, Any]:
    return {
        "next_at": epoch_microseconds(notice.next_at),
        "attempts": notice.attempts,
        "told": word_list(tuple(channel.value for channel in notice.told)),
        "done_at": moment(notice.done_at),
        "outcome": None if notice.outcome is None else notice.outcome.value,
    }


def _notice(row: Row) -> DueNotice:
    notice_id, resident_id, about, due_at, next_at, attempts, told, done_at, outcome = row
    return DueNotice(
        id=notice_id,
        resident_id=resident_id,
        about=about,
        due_at=from_epoch_microseconds(due_at),
        next_at=from_epoch_microseconds(next_at),
        attempts=attempts,
        told=tuple(Channel(word) for word in words(told)),
        done_at=instant(done_at),
        outcome=None if outcome is None else NoticeOutcome(outcome),
    )


_c = notice_choices.c
_CHOICES: Final = Statement(
    select(_c.topic, _c.channel, _c.wanted).where(_c.resident_id == param(_c.resident_id))
)
_FORGET: Final = Statement(delete(notice_choices).where(_c.resident_id == param(_c.resident_id)))


def _choosing(insert: Insert) -> ClauseElement:
    fresh = insert(notice_choices).values(values(notice_choices))
    statement: ClauseElement = fresh.on_conflict_do_update(
        index_elements=[_c.resident_id, _c.topic, _c.channel],
        set_={"wanted": fresh.excluded.wanted},
    )
    return statement


_CHOOSE: Final = Statement(_choosing)


class SqlNoticeChoices:
    """:class:`hkeid.enrolment.notices.NoticeChoiceRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def of_resident(self, resident_id: str) -> dict[tuple[str, str], bool]:
        """A resident's choices, by topic and channel."""
        rows = self._connection.rows(_CHOICES, {"resident_id": resident_id})
        return {(topic, channel): bool(wanted) for topic, channel, wanted in rows}

    def put(self, resident_id: str, topic: str, channel: str, *, wanted: bool) -> None:
        """Keep a choice, in the place of an earlier one."""
        parameters = {
            "resident_id": resident_id,
            "topic": topic,
            "channel": channel,
            "wanted": wanted,
        }
        self._connection.change(_CHOOSE, parameters)

    def delete(self, resident_id: str) -> int:
        """Forget a resident's choices."""
        return self._connection.change(_FORGET, {"resident_id": resident_id})
