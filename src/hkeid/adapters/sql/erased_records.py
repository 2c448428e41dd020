"""Proofs about residents who were erased: consents, disclosures, approvals, accesses, passkeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Table, and_, bindparam, delete, exists, func, select

from hkeid.adapters.sql.columns import instant
from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.officers_tables import record_accesses
from hkeid.adapters.sql.statements import Statement, param
from hkeid.adapters.sql.tables import (
    consents,
    credentials,
    disclosures,
    guardian_approvals,
    residents,
    sealed_fields,
)
from hkeid.identity.state import EidState
from hkeid.kernel.instants import Instant, epoch_microseconds
from hkeid.ports.storage import record_name

_r = residents.c


def _erased() -> ColumnElement[bool]:
    """Revoked, and nothing sealed is left. Who only ended an eID still has particulars here."""
    sealed = exists().where(sealed_fields.c.resident_id == _r.id)
    return and_(_r.state == bindparam("revoked", required=True), ~sealed)


@dataclass(frozen=True, slots=True)
class _Records:
    """The statements of one table of such proofs."""

    table: str
    purge: Statement
    oldest: Statement


def _records(table: Table, key: Column[Any]) -> _Records:
    chosen = (
        select(key)
        .select_from(residents.join(table, table.c.resident_id == _r.id))
        .where(_erased(), _r.updated_at < param(_r.updated_at, "before"))
        .order_by(_r.updated_at)
        .limit(bindparam("limit", required=True))
        # As in ``purging``: chosen once, and nobody is waited for.
        .with_for_update(skip_locked=True, of=table)
        .cte("chosen", nesting=True)
    )
    some = exists().where(table.c.resident_id == _r.id)
    return _Records(
        table.name,
        Statement(delete(table).where(key.in_(select(*chosen.c))).returning(key)),
        Statement(select(func.min(_r.updated_at)).where(_erased(), some)),
    )


_TABLES: Final = (
    _records(consents, consents.c.id),
    _records(disclosures, disclosures.c.id),
    _records(guardian_approvals, guardian_approvals.c.id),
    _records(record_accesses, record_accesses.c.id),
    _records(credentials, credentials.c.id),
)
_STATE: Final = {"revoked": EidState.REVOKED.value}


class SqlErasedRecords:
    """:class:`hkeid.ports.storage.Expiring`: the end of a record is the erasure of its resident."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def purge(self, before: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Delete at most ``limit`` records of residents who were erased before ``before``."""
        gone: list[str] = []
        for records in _TABLES:
            parameters = {
                **_STATE,
                "before": epoch_microseconds(before),
                "limit": limit - len(gone),
            }
            rows = self._connection.rows(records.purge, parameters)
            gone += [record_name(records.table, *row) for row in rows]
        return tuple(gone)

    def oldest(self) -> Instant | None:
        """The earliest erasure of a resident about whom there are records."""
        found = [self._connection.one(records.oldest, _STATE) for records in _TABLES]
        ends = [instant(row[0]) for row in found if row is not None]
        return min((end for end in ends if end is not None), default=None)
