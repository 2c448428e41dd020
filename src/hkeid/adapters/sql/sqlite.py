"""SQLite as the engine of the data store: one process, one file, one writer at a time."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

from sqlalchemy.engine import URL

from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.failures import of_sqlite
from hkeid.kernel.errors import ConfigurationError, Unavailable

Synchronous = Literal["EXTRA", "FULL", "NORMAL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteSettings:
    """How a file is kept.

    :ivar journal: ``WAL``: readers and the writer do not wait for each other. ``DELETE``: nothing
        of an earlier state is left in a file beside it once a transaction has ended.
    :ivar synchronous: ``FULL``: a commit is on the disk before it is acknowledged. ``NORMAL`` would
        lose the latest ones with the power (not with the process), a used-up code or an audit
        record among them. ``EXTRA`` also waits for the end of a ``DELETE`` journal.
    :ivar secure_delete: what is deleted or replaced is overwritten with zeros.
    :ivar patience: seconds that a transaction waits for others, in this process or another.
    """

    journal: Literal["WAL", "DELETE"] = "WAL"
    synchronous: Synchronous = "FULL"
    secure_delete: bool = False
    patience: float = 5.0


def database_file(url: URL) -> Path:
    """The file behind a SQLite URL.

    :raises hkeid.kernel.errors.ConfigurationError: ``sqlite_needs_file``; for a store in memory
        there is :mod:`hkeid.adapters.memory`.
    """
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ConfigurationError("sqlite_needs_file", detail="write sqlite:///folder/hkeid.sqlite")
    return Path(url.database)


def connect(file: Path, settings: SqliteSettings, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection that leaves transactions to its caller; only the owner may read a new file.

    :raises hkeid.kernel.errors.Unavailable: ``store_unreachable``.
    :raises hkeid.kernel.errors.ConfigurationError: ``schema_not_current``: nothing to read yet.
    """
    if read_only and file.parent.is_dir() and not file.exists():
        # SQLite would make an empty file, and let everybody read what is written to it later.
        raise ConfigurationError("schema_not_current", detail="no file yet; run: hkeid db upgrade")
    try:
        if not file.exists():
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        driver = sqlite3.connect(
            file, timeout=settings.patience, isolation_level=None, check_same_thread=False
        )
    except (OSError, sqlite3.Error) as error:
        raise Unavailable("store_unreachable", detail=type(error).__name__) from None
    try:
        driver.execute(f"PRAGMA journal_mode={settings.journal}").fetchall()
        driver.execute(f"PRAGMA synchronous={settings.synchronous}")
        driver.execute(f"PRAGMA secure_delete={int(settings.secure_delete)}").fetchall()
        driver.execute("PRAGMA foreign_keys=ON")
        driver.execute("PRAGMA trusted_schema=OFF")
        if read_only:
            driver.execute("PRAGMA query_only=ON")
    except sqlite3.Error as error:
        driver.close()
        raise (of_sqlite(error) or error) from None
    return driver


class SqliteDatabase:
    """Transactions of one process on one SQLite file.

    Only one transaction can write at a time whatever one does, so the process has one connection
    for them and a lock before it: waiting at the lock is fair and wakes at once, where SQLite itself
    would sleep and ask again. Between processes SQLite's own lock and ``busy_timeout`` decide.
    """

    def __init__(self, url: URL, settings: SqliteSettings) -> None:
        self._file = database_file(url)
        self._settings = settings
        self._lock = Lock()
        self._readers: list[SqlConnection] = []
        self._writer: SqlConnection | None = None

    def begin(self) -> SqlConnection:
        """Begin a transaction that may write (BEGIN IMMEDIATE: it never fails half-way as busy)."""
        if not self._lock.acquire(timeout=self._settings.patience):
            raise Unavailable("store_busy", detail="too many transactions wait")
        try:
            connection = self._writer
            if connection is None:
                driver = connect(self._file, self._settings)
                connection = self._writer = _open(driver)
            connection.doomed = False
            connection.driver.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._lock.release()
            raise (of_sqlite(error) or error) from None
        except BaseException:
            self._lock.release()
            raise
        return connection

    def commit(self, connection: SqlConnection) -> None:
        """Commit; what raises here leaves the outcome unknown."""
        try:
            connection.driver.execute("COMMIT")
        except sqlite3.Error as error:
            self._forget(connection)
            raise (of_sqlite(error) or error) from None
        finally:
            self._lock.release()

    def rollback(self, connection: SqlConnection) -> None:
        """Roll back. SQLite may have done so itself after an error."""
        try:
            if connection.driver.in_transaction:
                connection.driver.execute("ROLLBACK")
        except sqlite3.Error:
            self._forget(connection)
        finally:
            self._lock.release()

    def begin_reading(self) -> SqlConnection:
        """Begin a transaction that sees one state and holds nobody up, on a connection of its own."""
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = _open(connect(self._file, self._settings, read_only=True))
        try:
            connection.driver.execute("BEGIN")
            # A deferred transaction begins with its first read.
            connection.driver.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
        except sqlite3.Error as error:
            connection.driver.close()
            raise (of_sqlite(error) or error) from None
        return connection

    def end_reading(self, connection: SqlConnection) -> None:
        """End it and keep the connection for the next."""
        try:
            connection.driver.execute("ROLLBACK")
        except sqlite3.Error:
            connection.driver.close()
        else:
            connection.doomed = False
            self._readers.append(connection)

    def vacuum(self, table: str) -> None:
        """Nothing to do: with ``secure_delete`` it was overwritten at once."""

    def close(self) -> None:
        """Close the connection, when the transaction that uses it has ended."""
        with self._lock:
            if self._writer is not None:
                self._writer.driver.close()
                self._writer = None
            while self._readers:
                self._readers.pop().driver.close()

    def _forget(self, connection: SqlConnection) -> None:
        """Give up a connection whose state is not known; closing rolls back what is open."""
        self._writer = None
        connection.driver.close()


def _open(driver: sqlite3.Connection) -> SqlConnection:
    return SqlConnection(
        driver, driver.cursor(), engine="sqlite", errors=sqlite3.Error, translate=of_sqlite
    )
