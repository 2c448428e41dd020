"""Copies of SQLite files."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from hkeid.adapters.sql.failures import of_sqlite
from hkeid.adapters.sql.sqlite import SqliteSettings, connect
from hkeid.kernel.errors import Refused, Unavailable


def copy(source: Path, target: Path, settings: SqliteSettings) -> None:
    """Copy a database that may be in use into one new file, as of one moment, and check it.

    :raises hkeid.kernel.errors.Unavailable: ``store_unreachable``, ``store_damaged`` …
    """
    if not source.is_file():
        raise Unavailable("store_unreachable", detail="there is no such file")
    single_file = SqliteSettings(
        journal="DELETE", synchronous="EXTRA", secure_delete=settings.secure_delete
    )
    try:
        # The copy takes everything in one step, under one read lock; with WAL nobody waits for it.
        with (
            closing(connect(source, settings, read_only=True)) as origin,
            closing(connect(target, single_file)) as destination,
        ):
            origin.backup(destination)
            verdict = destination.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise (of_sqlite(error) or error) from None
    if verdict != ("ok",):
        raise Unavailable("store_damaged", detail="integrity check")


def empty(file: Path, table: str, settings: SqliteSettings) -> None:
    """Take all rows out of a table of a copy, and overwrite them in the file; no such table, nothing
    to do.
    """
    single_file = SqliteSettings(
        journal="DELETE", synchronous="EXTRA", secure_delete=settings.secure_delete
    )
    try:
        with closing(connect(file, single_file)) as copied:
            known = copied.execute(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
            ).fetchone()
            if known:
                copied.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of our own
                copied.execute("VACUUM")
    except sqlite3.Error as error:
        raise (of_sqlite(error) or error) from None


def into_one_file(file: Path) -> None:
    """Bring a closed database and its write-ahead log into one file.

    :raises hkeid.kernel.errors.Refused: ``store_in_use``: somebody has it open.
    :raises hkeid.kernel.errors.Unavailable: ``store_damaged`` …
    """
    try:
        # Leaving WAL needs the file for oneself: the test and the purpose in one.
        connect(file, SqliteSettings(journal="DELETE", patience=0.5)).close()
    except Unavailable as error:
        if error.reason == "store_busy":
            raise Refused("store_in_use", detail="stop the service first") from None
        raise


def put_in_place(partial: Path, path: Path) -> None:
    """Give a finished file its name, durably; there is the old one or the new one, never a part."""
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove_logs(file: Path) -> None:
    """Remove what stands beside a database file; it would be taken for the next one's."""
    for suffix in ("-wal", "-shm", "-journal"):
        file.with_name(f"{file.name}{suffix}").unlink(missing_ok=True)
