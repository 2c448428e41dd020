"""A vault on SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.engine import URL, make_url

from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.sqlite import connect, database_file
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.adapters.sql.store import open_database
from hkeid.adapters.vault.tables import erasures, prepare, wrapped_keys
from hkeid.kernel.errors import Unavailable
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds

_k = wrapped_keys.c
_e = erasures.c

_GET: Final = Statement(select(_k.wrapped).where(_k.resident_id == param(_k.resident_id)))
_PUT: Final = Statement(
    lambda insert: insert(wrapped_keys).values(values(wrapped_keys)).on_conflict_do_nothing()
)
_DESTROY: Final = Statement(delete(wrapped_keys).where(_k.resident_id == param(_k.resident_id)))
_IS_ERASED: Final = Statement(select(_e.erased_at).where(_e.resident_id == param(_e.resident_id)))
_LIST: Final = Statement(
    lambda insert: insert(erasures).values(values(erasures)).on_conflict_do_nothing()
)
_ERASED: Final = Statement(
    select(_e.resident_id, _e.erased_at).order_by(_e.erased_at, _e.resident_id)
)


class SqlVault:
    """:class:`hkeid.ports.DataKeyVault` in a database of its own.

    Commits are on the disk before they are acknowledged. On SQLite a destroyed key is overwritten
    with zeros and the write-ahead log is emptied, so that the file holds no trace of it; what a
    disk keeps of blocks it has replaced is beyond any database.

    :param url: ``sqlite:///FILE`` or ``postgresql+psycopg://…``, never the data's.
    :param pool_size: PostgreSQL: connections of this process.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 4, patience: float = 5.0) -> None:
        self._url = make_url(url)
        self._patience = patience
        self._database = open_database(
            self._url,
            pool_size=pool_size,
            patience=patience,
            statement_timeout=5.0,
            lock_timeout=4.0,
            synchronous="FULL",
        )

    @staticmethod
    def prepare(url: str | URL) -> None:
        """Make the vault's tables where they are missing."""
        prepare(url)

    def put(self, resident_id: str, wrapped: bytes) -> bool:
        """Keep a new wrapped key; False when there is one or the resident was erased."""
        with self._turn() as connection:
            connection.one_at_a_time(f"vault:{resident_id}")
            if connection.one(_IS_ERASED, {"resident_id": resident_id}) is not None:
                return False
            return connection.change(_PUT, {"resident_id": resident_id, "wrapped": wrapped}) == 1

    def get(self, resident_id: str) -> bytes | None:
        """The wrapped key, or None."""
        with self._turn() as connection:
            row = connection.one(_GET, {"resident_id": resident_id})
        return None if row is None else bytes(row[0])

    def destroy(self, resident_id: str, now: Instant) -> None:
        """Destroy the key and list the resident as erased, in one transaction."""
        with self._turn() as connection:
            connection.one_at_a_time(f"vault:{resident_id}")
            if connection.engine == "sqlite":
                connection.driver.execute("PRAGMA secure_delete=ON").fetchall()
            connection.change(_DESTROY, {"resident_id": resident_id})
            connection.change(
                _LIST, {"resident_id": resident_id, "erased_at": epoch_microseconds(now)}
            )
        if connection.engine == "sqlite":
            self._empty_log()

    def erased(self) -> Iterator[tuple[str, Instant]]:
        """The erasure list, oldest first."""
        with self._turn() as connection:
            rows = connection.rows(_ERASED, {})
        return iter([(resident_id, from_epoch_microseconds(at)) for resident_id, at in rows])

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _empty_log(self) -> None:
        """Move the write-ahead log into the file and cut it, on a connection of its own.

        The key is destroyed all the same when a reader is in the way; the next one cuts the log.
        """
        driver = connect(database_file(self._url), patience=self._patience)
        try:
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError as error:
            raise Unavailable("vault_log_not_emptied", detail=type(error).__name__) from None
        finally:
            driver.close()

    @contextmanager
    def _turn(self) -> Iterator[SqlConnection]:
        connection = self._database.begin()
        try:
            yield connection
            if connection.doomed:
                raise Unavailable("vault_transaction_failed")
        except BaseException:
            self._database.rollback(connection)
            raise
        self._database.commit(connection)
