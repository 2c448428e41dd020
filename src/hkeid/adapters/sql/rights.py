"""Data requests in SQL."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ClauseElement, bindparam, literal_column, select, update

from hkeid.adapters.sql.columns import instant, moment, word_list, words
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.rights_tables import data_requests
from hkeid.adapters.sql.statements import Insert, Statement, param, values
from hkeid.kernel.instants import epoch_microseconds, from_epoch_microseconds
from hkeid.profile.rights.grounds import RefusalGround
from hkeid.profile.rights.records import DataRequest, Reminder, RequestKind, RequestState

_r = data_requests.c
_LIMIT: Final[Any] = bindparam("limit", required=True)
_COLUMNS: Final = tuple(column for column in _r if column is not _r.open_kind)


def _insert(insert_into: Insert) -> ClauseElement:
    statement: ClauseElement = (
        insert_into(data_requests).values(values(data_requests)).on_conflict_do_nothing()
    )
    return statement


_ADD: Final = Statement(_insert)
_GET: Final = Statement(select(*_COLUMNS).where(_r.id == param(_r.id)))
_OF_RESIDENT: Final = Statement(
    select(*_COLUMNS)
    .where(_r.resident_id == param(_r.resident_id))
    .order_by(_r.received_at.desc(), _r.id)
    .limit(_LIMIT)
)
_WAITING: Final = Statement(
    select(*_COLUMNS)
    .where(
        _r.state == param(_r.state),
        _r.kind.in_([param(_r.kind, f"kind_{number}") for number in range(len(RequestKind))]),
    )
    .order_by(_r.due_at, _r.id)
    .limit(_LIMIT)
)
_CHANGE: Final = Statement(
    update(data_requests)
    .where(
        _r.id == param(_r.id, "of_id"),
        _r.version == param(_r.version, "old_version"),
        _r.closed_at.is_(None),
    )
    .values(
        state=param(_r.state),
        ground=param(_r.ground),
        answer=param(_r.answer),
        closed_at=param(_r.closed_at),
        reminder=param(_r.reminder),
        open_kind=param(_r.open_kind),
        version=_r.version + literal_column("1"),
    )
)


class SqlDataRequests(SqlExpiring):
    """:class:`hkeid.profile.rights.DataRequestRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(data_requests, _r.closed_at, _r.id)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, request: DataRequest) -> bool:
        """Keep a new one; False when the id is taken, or one of this kind waits."""
        parameters = {
            "id": request.id,
            "resident_id": request.resident_id,
            "kind": request.kind.value,
            "fields": word_list(request.fields),
            "asked": request.asked,
            "language": request.language,
            "received_at": epoch_microseconds(request.received_at),
            "due_at": epoch_microseconds(request.due_at),
            "version": request.version,
            **_changing(request),
        }
        return self._connection.change(_ADD, parameters) == 1

    def get(self, request_id: str) -> DataRequest | None:
        """By id."""
        row = self._connection.find(_GET, {"id": request_id})
        return None if row is None else _request(row)

    def of_resident(self, resident_id: str, *, limit: int = 200) -> tuple[DataRequest, ...]:
        """A resident's, newest first."""
        parameters = {"resident_id": resident_id, "limit": limit}
        return tuple(_request(row) for row in self._connection.rows(_OF_RESIDENT, parameters))

    def waiting(
        self, kinds: Collection[RequestKind], *, limit: int = 500
    ) -> tuple[DataRequest, ...]:
        """Those that wait, the one that is due first comes first."""
        if not kinds:
            return ()
        wanted = [kind.value for kind in RequestKind if kind in kinds]
        # As many parameters as there are kinds: what is not wanted stands for one that is.
        padded = (wanted * len(RequestKind))[: len(RequestKind)]
        parameters: dict[str, Any] = {f"kind_{number}": one for number, one in enumerate(padded)}
        parameters |= {"state": RequestState.RECEIVED.value, "limit": limit}
        return tuple(_request(row) for row in self._connection.rows(_WAITING, parameters))

    def change(self, old: DataRequest, new: DataRequest) -> bool:
        """Compare-and-set on the version of one that waits; what was asked never changes."""
        parameters = {"of_id": old.id, "old_version": old.version, **_changing(new)}
        return self._connection.change(_CHANGE, parameters) == 1


def _changing(request: DataRequest) -> dict[str, Any]:
    return {
        "state": request.state.value,
        "ground": None if request.ground is None else request.ground.value,
        "answer": request.answer,
        "closed_at": moment(request.closed_at),
        "reminder": request.reminder.value,
        "open_kind": request.kind.value if request.open else None,
    }


def _request(row: Row) -> DataRequest:
    (
        request_id,
        resident_id,
        kind,
        fields,
        asked,
        language,
        received_at,
        due_at,
        state,
        ground,
        answer,
        closed_at,
        reminder,
        version,
    ) = row
    return DataRequest(
        id=request_id,
        resident_id=resident_id,
        kind=RequestKind(kind),
        fields=words(fields),
        asked=asked,
        language=language,
        received_at=from_epoch_microseconds(received_at),
        due_at=from_epoch_microseconds(due_at),
        state=RequestState(state),
        ground=None if ground is None else RefusalGround(ground),
        answer=answer,
        closed_at=instant(closed_at),
        reminder=Reminder(reminder),
        version=version,
    )
