"""The registry of residents in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import literal_column, select, update

from hkeid.adapters.sql.columns import instant, moment
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.adapters.sql.tables import residents
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.kernel.instants import epoch_microseconds, from_epoch_microseconds
from hkeid.residents.records import Resident

PAGE = 1000
"""Rows that an iteration fetches at a time."""

_r = residents.c

_ADD: Final = Statement(
    lambda insert: insert(residents).values(values(residents)).on_conflict_do_nothing()
)
_GET: Final = Statement(select(residents).where(_r.id == param(_r.id)))
_BY_HANDLE: Final = Statement(select(residents).where(_r.user_handle == param(_r.user_handle)))
_CHANGE: Final = Statement(
    update(residents)
    .where(_r.id == param(_r.id, "of_id"), _r.version == param(_r.version, "old_version"))
    .values(
        state=param(_r.state),
        proofed=param(_r.proofed),
        updated_at=param(_r.updated_at),
        cooling_until=param(_r.cooling_until),
        version=_r.version + literal_column("1"),
    )
)
_PAGE: Final = Statement(
    select(residents)
    .where(_r.id > param(_r.id, "after"))
    .order_by(_r.id)
    .limit(literal_column(str(PAGE)))
)


class SqlResidents:
    """:class:`hkeid.residents.records.ResidentRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, resident: Resident) -> bool:
        """Keep a new resident; False when the id or user handle is taken."""
        parameters = {
            "id": resident.id,
            "user_handle": resident.user_handle,
            "state": resident.state.value,
            "proofed": resident.proofed.value,
            "created_at": epoch_microseconds(resident.created_at),
            "updated_at": epoch_microseconds(resident.updated_at),
            "version": resident.version,
            "cooling_until": moment(resident.cooling_until),
        }
        return self._connection.change(_ADD, parameters) == 1

    def get(self, resident_id: str) -> Resident | None:
        """By internal id."""
        row = self._connection.find(_GET, {"id": resident_id})
        return None if row is None else _resident(row)

    def by_user_handle(self, user_handle: bytes) -> Resident | None:
        """By WebAuthn user handle."""
        row = self._connection.one(_BY_HANDLE, {"user_handle": user_handle})
        return None if row is None else _resident(row)

    def change(self, old: Resident, new: Resident) -> bool:
        """Compare-and-set on the version; id, user handle and birth of the entry never change."""
        parameters = {
            "of_id": old.id,
            "old_version": old.version,
            "state": new.state.value,
            "proofed": new.proofed.value,
            "updated_at": moment(new.updated_at),
            "cooling_until": moment(new.cooling_until),
        }
        return self._connection.change(_CHANGE, parameters) == 1

    def __iter__(self) -> Iterator[Resident]:
        after = ""
        while page := self._connection.rows(_PAGE, {"after": after}):
            for row in page:
                yield _resident(row)
            after = page[-1][0]


def _resident(row: Row) -> Resident:
    resident_id, user_handle, state, proofed, created_at, updated_at, version, cooling = row
    return Resident(
        id=resident_id,
        user_handle=user_handle,
        state=EidState(state),
        proofed=Acr(proofed),
        created_at=from_epoch_microseconds(created_at),
        updated_at=from_epoch_microseconds(updated_at),
        version=version,
        cooling_until=instant(cooling),
    )
