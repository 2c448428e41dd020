"""Participations of services in sessions, in SQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.sql.elements import ClauseElement

from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.saml_tables import saml_participations
from hkeid.adapters.sql.statements import Insert, Statement, param, values
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import epoch_microseconds, from_epoch_microseconds
from hkeid.saml.idp.records import Participation

_p = saml_participations.c


def _upsert(insert: Insert) -> ClauseElement:
    fresh = insert(saml_participations).values(values(saml_participations))
    keys = ("session_id", "entity_id", "name_id")
    replaced = {one.name: fresh.excluded[one.name] for one in _p if one.name not in keys}
    statement: ClauseElement = fresh.on_conflict_do_update(
        index_elements=[_p[name] for name in keys], set_=replaced
    )
    return statement


_PUT: Final = Statement(_upsert)
_OF_SESSION: Final = Statement(
    select(saml_participations)
    .where(_p.session_id == param(_p.session_id))
    .order_by(_p.entity_id, _p.name_id)
)
_OF_NAME: Final = Statement(
    select(saml_participations)
    .where(_p.entity_id == param(_p.entity_id), _p.name_id == param(_p.name_id))
    .order_by(_p.created_at.desc(), _p.session_id)
)
_REMOVE: Final = Statement(
    delete(saml_participations).where(
        _p.session_id == param(_p.session_id), _p.entity_id == param(_p.entity_id)
    )
)


class SqlParticipations(SqlExpiring):
    """:class:`hkeid.saml.idp.ParticipationRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(saml_participations, _p.expires_at, _p.session_id, _p.entity_id, _p.name_id)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def put(self, one: Participation) -> None:
        """Keep, in the place of the same session, service and name."""
        parameters = {
            "session_id": one.session_id,
            "entity_id": one.entity_id,
            "name_id": one.name_id,
            "session_index": one.session_index,
            "name_id_format": one.name_id_format,
            "created_at": epoch_microseconds(one.created_at),
            "expires_at": epoch_microseconds(one.expires_at),
        }
        self._connection.change(_PUT, parameters)

    def of_session(self, session_id: str) -> tuple[Participation, ...]:
        """All services of a session."""
        rows = self._connection.rows(_OF_SESSION, {"session_id": session_id})
        return tuple(map(_participation, rows))

    def of_name(self, entity_id: str, name_id: str) -> tuple[Participation, ...]:
        """All sessions in which a service knows a resident by a name, newest first."""
        parameters = {"entity_id": entity_id, "name_id": name_id}
        try:
            rows = self._connection.rows(_OF_NAME, parameters)
        except MalformedInput:
            # A name that comes from outside and cannot be stored is not there.
            return ()
        return tuple(map(_participation, rows))

    def remove(self, session_id: str, entity_id: str) -> int:
        """Forget a service of a session."""
        parameters = {"session_id": session_id, "entity_id": entity_id}
        return self._connection.change(_REMOVE, parameters)


def _participation(row: Row) -> Participation:
    session_id, entity_id, name_id, session_index, name_id_format, created_at, expires_at = row
    return Participation(
        session_id=session_id,
        entity_id=entity_id,
        session_index=session_index,
        name_id=name_id,
        name_id_format=name_id_format,
        created_at=from_epoch_microseconds(created_at),
        expires_at=from_epoch_microseconds(expires_at),
    )
