"""The engines behind one face: what a store and a vault need of a database."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.engine import URL

from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.sqlite import SqliteDatabase, SqliteSettings
from hkeid.kernel.errors import ConfigurationError


class Database(Protocol):
    """What the store needs of an engine. Ending a transaction also lets go of its connection."""

    def begin(self) -> SqlConnection:
        """Begin a transaction that may write."""
        ...

    def commit(self, connection: SqlConnection) -> None:
        """Commit; an error means that nobody knows."""
        ...

    def rollback(self, connection: SqlConnection) -> None:
        """Roll back; raises nothing."""
        ...

    def begin_reading(self) -> SqlConnection:
        """Begin a transaction that sees one state and holds nobody up."""
        ...

    def end_reading(self, connection: SqlConnection) -> None:
        """End a reading transaction; raises nothing."""
        ...

    def vacuum(self, table: str) -> None:
        """Let nothing of deleted or replaced rows of ``table`` stay where the engine keeps such."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


def open_database(
    url: URL,
    *,
    pool_size: int,
    statement_timeout: float,
    lock_timeout: float,
    sqlite: SqliteSettings,
) -> Database:
    """The engine that a URL names.

    :raises hkeid.kernel.errors.ConfigurationError: ``store_url_unknown``.
    """
    if url.get_backend_name() == "sqlite":
        return SqliteDatabase(url, sqlite)
    if url.drivername == "postgresql+psycopg":
        from hkeid.adapters.sql.postgresql import PostgresqlDatabase

        return PostgresqlDatabase(
            url,
            pool_size=pool_size,
            pool_patience=sqlite.patience,
            statement_timeout=statement_timeout,
            lock_timeout=lock_timeout,
        )
    raise ConfigurationError(
        "store_url_unknown",
        detail=f"{url.drivername}; known: sqlite:///FILE, postgresql+psycopg://HOST/NAME",
    )
