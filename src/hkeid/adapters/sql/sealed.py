"""Sealed fields and the blind index in SQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ClauseElement, and_, delete, select

from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.statements import Insert, Statement, param, values
from hkeid.adapters.sql.tables import blind_index, sealed_fields
from hkeid.kernel.instants import Instant, epoch_microseconds

_f = sealed_fields.c
_of_resident = _f.resident_id == param(_f.resident_id)
_this_field = and_(_of_resident, _f.field == param(_f.field))


def _upsert(insert: Insert) -> ClauseElement:
    fresh = insert(sealed_fields).values(values(sealed_fields))
    statement: ClauseElement = fresh.on_conflict_do_update(
        index_elements=[_f.resident_id, _f.field],
        set_={"sealed": fresh.excluded.sealed, "updated_at": fresh.excluded.updated_at},
    )
    return statement


_PUT: Final = Statement(_upsert)
_GET: Final = Statement(select(_f.sealed).where(_this_field))
_ALL: Final = Statement(select(_f.field, _f.sealed).where(_of_resident))
_DELETE: Final = Statement(delete(sealed_fields).where(_this_field))
_DELETE_ALL: Final = Statement(delete(sealed_fields).where(_of_resident))


class SqlSealedFields:
    """:class:`hkeid.residents.records.SealedFieldRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def put(self, resident_id: str, field: str, sealed: bytes, now: Instant) -> None:
        """Set or replace a field."""
        parameters = {
            "resident_id": resident_id,
            "field": field,
            "sealed": sealed,
            "updated_at": epoch_microseconds(now),
        }
        self._connection.change(_PUT, parameters)

    def get(self, resident_id: str, field: str) -> bytes | None:
        """One field."""
        row = self._connection.find(_GET, {"resident_id": resident_id, "field": field})
        return None if row is None else row[0]

    def all(self, resident_id: str) -> dict[str, bytes]:
        """All fields of a resident."""
        rows = self._connection.rows(_ALL, {"resident_id": resident_id})
        return {field: sealed for field, sealed in rows}  # noqa: C416 - rows are no pairs to mypy

    def delete(self, resident_id: str, field: str | None = None) -> int:
        """Delete one field or all of a resident's."""
        if field is None:
            return self._connection.change(_DELETE_ALL, {"resident_id": resident_id})
        return self._connection.change(_DELETE, {"resident_id": resident_id, "field": field})


_b = blind_index.c

_BIND: Final = Statement(
    lambda insert: insert(blind_index).values(values(blind_index)).on_conflict_do_nothing()
)
_FIND: Final = Statement(
    select(_b.resident_id).where(
        _b.index_name == param(_b.index_name), _b.digest == param(_b.digest)
    )
)
_FORGET: Final = Statement(delete(blind_index).where(_b.resident_id == param(_b.resident_id)))


class SqlBlindIndex:
    """:class:`hkeid.residents.records.BlindIndexRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def put(self, index: str, digest: bytes, resident_id: str) -> bool:
        """Bind a digest to a resident; False when it is bound already."""
        parameters = {"index_name": index, "digest": digest, "resident_id": resident_id}
        return self._connection.change(_BIND, parameters) == 1

    def find(self, index: str, digest: bytes) -> str | None:
        """The resident's id, or None."""
        row = self._connection.one(_FIND, {"index_name": index, "digest": digest})
        return None if row is None else row[0]

    def delete(self, resident_id: str) -> int:
        """Forget every digest of a resident."""
        return self._connection.change(_FORGET, {"resident_id": resident_id})
