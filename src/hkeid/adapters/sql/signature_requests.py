"""Requests for signatures in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, func, literal_column, select, update

from hkeid.adapters.sql.columns import instant, moment
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.signing_tables import signature_requests
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.signing.requests.records import RequestState, SignatureRequest

_r = signature_requests.c
_LIMIT: Final[Any] = bindparam("limit", required=True)
_CHANGING: Final = (
    *("state", "resident_id", "signature_id", "record", "expires_at", "decided_at"),
    "purge_after",
)
_FIXED: Final = tuple(one.name for one in _r if one.name not in _CHANGING)

_OPEN_STATES: Final = {"waiting": RequestState.WAITING.value, "signed": RequestState.SIGNED.value}
_MADE_STATES: Final = {
    "signed": RequestState.SIGNED.value,
    "collected": RequestState.COLLECTED.value,
}

_ADD: Final = Statement(
    lambda insert: (
        insert(signature_requests).values(values(signature_requests)).on_conflict_do_nothing()
    )
)
_GET: Final = Statement(select(signature_requests).where(_r.id == param(_r.id)))
_CHANGE: Final = Statement(
    update(signature_requests)
    .where(_r.id == param(_r.id, "of_id"), _r.version == param(_r.version, "old_version"))
    .values(**values(signature_requests, without=_FIXED), version=_r.version + literal_column("1"))
)
_OPEN: Final = Statement(
    select(func.count())
    .select_from(signature_requests)
    .where(
        _r.client_id == param(_r.client_id),
        _r.state.in_([param(_r.state, "waiting"), param(_r.state, "signed")]),
        _r.expires_at > param(_r.expires_at, "now"),
    )
)
_SIGNED_BY: Final = Statement(
    select(signature_requests)
    .where(
        _r.resident_id == param(_r.resident_id),
        _r.state.in_([param(_r.state, "signed"), param(_r.state, "collected")]),
    )
    .order_by(_r.decided_at.desc(), _r.id.desc())
    .limit(_LIMIT)
)
_OF_RESIDENT: Final = Statement(
    select(signature_requests)
    .where(_r.resident_id == param(_r.resident_id))
    .order_by(_r.created_at.desc(), _r.id.desc())
    .limit(_LIMIT)
)
_OVERDUE: Final = Statement(
    select(signature_requests)
    .where(
        _r.state == param(_r.state, "waiting"),
        _r.expires_at <= param(_r.expires_at, "now"),
    )
    .order_by(_r.expires_at, _r.id)
    .limit(_LIMIT)
)


class SqlSignatureRequests(SqlExpiring):
    """:class:`hkeid.signing.requests.SignatureRequestRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(signature_requests, _r.purge_after, _r.id)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, request: SignatureRequest) -> bool:
        """Keep a new request; False when its id is taken."""
        parameters = {
            **_changing(request),
            "id": request.id,
            "client_id": request.client_id,
            "documents": request.documents,
            "redirect_uri": request.redirect_uri,
            "client_state": request.client_state,
            "created_at": epoch_microseconds(request.created_at),
            "version": request.version,
        }
        return self._connection.change(_ADD, parameters) == 1

    def get(self, request_id: str) -> SignatureRequest | None:
        """By id."""
        row = self._connection.find(_GET, {"id": request_id})
        return None if row is None else _request(row)

    def change(self, old: SignatureRequest, new: SignatureRequest) -> bool:
        """Compare-and-set on the version; what was asked never changes."""
        parameters = {**_changing(new), "of_id": old.id, "old_version": old.version}
        return self._connection.change(_CHANGE, parameters) == 1

    def open_of_client(self, client_id: str, now: Instant) -> int:
        """How many wait, or are signed and wait to be collected."""
        parameters = {**_OPEN_STATES, "client_id": client_id, "now": epoch_microseconds(now)}
        row = self._connection.find(_OPEN, parameters)
        return 0 if row is None else int(row[0])

    def signed_by(self, resident_id: str, *, limit: int = 100) -> tuple[SignatureRequest, ...]:
        """Those that a resident signed, newest first."""
        parameters = {**_MADE_STATES, "resident_id": resident_id, "limit": limit}
        rows = self._connection.rows(_SIGNED_BY, parameters)
        return tuple(_request(row) for row in rows)

    def of_resident(self, resident_id: str, *, limit: int = 100) -> tuple[SignatureRequest, ...]:
        """Those that a resident opened, signed or not, newest first."""
        rows = self._connection.rows(_OF_RESIDENT, {"resident_id": resident_id, "limit": limit})
        return tuple(_request(row) for row in rows)

    def overdue(self, now: Instant, *, limit: int = 500) -> tuple[SignatureRequest, ...]:
        """Those that wait although their time is over, oldest first."""
        parameters = {
            "waiting": RequestState.WAITING.value,
            "now": epoch_microseconds(now),
            "limit": limit,
        }
        return tuple(_request(row) for row in self._connection.rows(_OVERDUE, parameters))


def _changing(request: SignatureRequest) -> Mapping[str, Any]:
    ends = epoch_microseconds(request.expires_at)
    return {
        "state": request.state.value,
        "resident_id": request.resident_id,
        "signature_id": request.signature_id,
        "record": request.record,
        "expires_at": ends,
        "decided_at": moment(request.decided_at),
        "purge_after": None if request.state.made else ends,
    }


def _request(row: Row) -> SignatureRequest:
    (
        request_id,
        client,
        state,
        documents,
        uri,
        client_state,
        resident,
        signature,
        record,
        *rest,
    ) = row
    created, ends, decided, _, version = rest
    return SignatureRequest(
        id=request_id,
        client_id=client,
        state=RequestState(state),
        documents=documents,
        redirect_uri=uri,
        client_state=client_state,
        resident_id=resident,
        signature_id=signature,
        record=record,
        created_at=from_epoch_microseconds(created),
        expires_at=from_epoch_microseconds(ends),
        decided_at=instant(decided),
        version=version,
    )
