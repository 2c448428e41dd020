"""Ciphertext of evidence in SQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ClauseElement, delete, literal_column, select

from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.registration_tables import evidence_items
from hkeid.adapters.sql.statements import Insert, Statement, param, values

_e = evidence_items.c


def _upsert(insert: Insert) -> ClauseElement:
    fresh = insert(evidence_items).values(values(evidence_items))
    statement: ClauseElement = fresh.on_conflict_do_update(
        index_elements=[_e.session_id, _e.name], set_={"sealed": fresh.excluded.sealed}
    )
    return statement


_PUT: Final = Statement(_upsert)
_GET: Final = Statement(
    select(_e.sealed).where(_e.session_id == param(_e.session_id), _e.name == param(_e.name))
)
_NAMES: Final = Statement(
    select(_e.name).where(_e.session_id == param(_e.session_id)).order_by(_e.name)
)
_DELETE: Final = Statement(delete(evidence_items).where(_e.session_id == param(_e.session_id)))
_SESSIONS: Final = Statement(
    select(_e.session_id)
    .where(_e.session_id > param(_e.session_id, "after"))
    .distinct()
    .order_by(_e.session_id)
    .limit(literal_column("1000"))
)


class SqlEvidenceItems:
    """Ciphertext by session and name."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def put(self, session_id: str, name: str, sealed: bytes) -> None:
        """Keep or replace an item."""
        self._connection.change(_PUT, {"session_id": session_id, "name": name, "sealed": sealed})

    def get(self, session_id: str, name: str) -> bytes | None:
        """An item, or None."""
        row = self._connection.find(_GET, {"session_id": session_id, "name": name})
        return None if row is None else row[0]

    def names(self, session_id: str) -> tuple[str, ...]:
        """Names of a session's items, sorted."""
        rows = self._connection.rows(_NAMES, {"session_id": session_id})
        return tuple(row[0] for row in rows)

    def delete(self, session_id: str) -> int:
        """Delete a session's items; returns how many."""
        return self._connection.change(_DELETE, {"session_id": session_id})

    def sessions(self, after: str = "") -> tuple[str, ...]:
        """Up to 1000 sessions that have items, in order, beginning behind ``after``."""
        return tuple(row[0] for row in self._connection.rows(_SESSIONS, {"after": after}))
