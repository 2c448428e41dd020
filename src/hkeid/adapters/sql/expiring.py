"""What repositories share whose rows have an end: letting go of the oldest, and saying how old that is."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Column, Table, func, select

from hkeid.adapters.sql.columns import instant
from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.statements import Statement, purging
from hkeid.kernel.instants import Instant, epoch_microseconds
from hkeid.ports.storage import record_name


class Expiry:
    """The statements of a table whose rows have an end.

    :param moment: when a row's time is over; NULL: never.
    :param keys: the primary key.
    """

    __slots__ = ("oldest", "purge")

    def __init__(self, table: Table, moment: Column[Any], *keys: Column[Any]) -> None:
        self.purge = Statement(purging(table, moment, *keys))
        self.oldest = Statement(select(func.min(moment)))


class SqlExpiring:
    """:class:`hkeid.ports.storage.Expiring` over one table."""

    __slots__ = ()

    EXPIRY: ClassVar[Expiry]
    _connection: SqlConnection

    def purge(self, before: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Delete at most ``limit`` whose time was over before ``before``, the oldest first."""
        parameters = {"before": epoch_microseconds(before), "limit": limit}
        gone = self._connection.rows(self.EXPIRY.purge, parameters)
        return tuple(record_name(*row) for row in gone)

    def oldest(self) -> Instant | None:
        """The earliest end of what is kept."""
        row = self._connection.one(self.EXPIRY.oldest, {})
        return None if row is None else instant(row[0])
