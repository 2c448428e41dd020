"""PostgreSQL as the engine of the data store: any number of processes, one system of record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine, exc
from sqlalchemy.engine import URL
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.failures import of_postgresql
from hkeid.kernel.errors import MissingExtra, Unavailable

try:
    import psycopg
    from psycopg import sql
except ImportError as _missing:  # pragma: no cover - the tests' environment has it
    raise MissingExtra("psycopg", "postgresql") from _missing


class PostgresqlDatabase:
    """Transactions of one process, each on a connection from a pool.

    The pool has a fixed size and no overflow: connections beyond it would be opened and thrown away
    under load, when that costs most. Who finds none free waits ``pool_patience`` seconds.

    Timeouts are the server's, set once on each connection, so that nothing waits for ever: a lock
    ``lock_timeout``, a statement ``statement_timeout``, a transaction that its owner forgot twice
    that.
    """

    def __init__(
        self,
        url: URL,
        *,
        pool_size: int,
        pool_patience: float,
        statement_timeout: float,
        lock_timeout: float,
    ) -> None:
        settings = {
            "statement_timeout": statement_timeout,
            "lock_timeout": lock_timeout,
            "idle_in_transaction_session_timeout": 2 * statement_timeout,
        }
        options = [f"-c {name}={int(1000 * value)}" for name, value in settings.items()]
        self._engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_patience,
            pool_use_lifo=True,
            connect_args={
                # The operator's own come last and win.
                "options": " ".join([*options, str(url.query.get("options", ""))]),
                "application_name": "hkeid",
                "connect_timeout": 5,
                "prepare_threshold": 2,
            },
        )

    def begin(self) -> SqlConnection:
        """Begin a READ COMMITTED transaction; the server hears of it with the first statement."""
        pooled, driver = self._lease()
        # Named, because the default of a server or a role may differ, and law 1 rests on it.
        if driver.isolation_level is not psycopg.IsolationLevel.READ_COMMITTED:
            driver.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        return _open(pooled, driver)

    def commit(self, connection: SqlConnection) -> None:
        """Commit; what raises here leaves the outcome unknown."""
        driver = connection.driver
        try:
            driver.commit()
        except psycopg.Error as error:
            raise self._broken(connection, error) from None
        self._give_back(connection)

    def rollback(self, connection: SqlConnection) -> None:
        """Roll back; a connection that cannot is thrown away, which does the same."""
        try:
            connection.driver.rollback()
        except psycopg.Error as error:
            self._broken(connection, error)
            return
        self._give_back(connection)

    def begin_reading(self) -> SqlConnection:
        """Begin a transaction that sees one state from its first statement to its last."""
        pooled, driver = self._lease()
        driver.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        driver.read_only = True
        return _open(pooled, driver)

    def end_reading(self, connection: SqlConnection) -> None:
        """End it."""
        try:
            connection.driver.rollback()
            connection.driver.read_only = None
        except psycopg.Error as error:
            self._broken(connection, error)
            return
        self._give_back(connection)

    def vacuum(self, table: str) -> None:
        """Take former rows out of the table. Whatever hinders it, autovacuum does it later."""
        try:
            pooled, driver = self._lease()
        except Unavailable:
            return
        try:
            driver.autocommit = True
            driver.execute(sql.SQL("VACUUM {}").format(sql.Identifier(table)))
            driver.autocommit = False
        except psycopg.Error:
            pooled.invalidate()
        else:
            pooled.close()

    def close(self) -> None:
        """Close the connections that nobody uses; those in use close when they come back."""
        self._engine.dispose()

    def _lease(self) -> tuple[PoolProxiedConnection, psycopg.Connection[Any]]:
        try:
            pooled = self._engine.raw_connection()
        except exc.TimeoutError:
            raise Unavailable("store_busy", detail="no connection came free") from None
        except (psycopg.Error, exc.DBAPIError) as error:
            original = error.orig if isinstance(error, exc.DBAPIError) else error
            raise (of_postgresql(original) if original else None) or error from None
        driver: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
        return pooled, driver

    def _give_back(self, connection: SqlConnection) -> None:
        connection.lease.close()

    def _broken(self, connection: SqlConnection, error: psycopg.Error) -> Exception:
        lost = connection.driver.closed
        connection.lease.invalidate()
        if lost:
            # The server went away, and with it what idles in the pool: begin afresh, so that one
            # transaction fails and not one for every connection.
            self._engine.dispose()
        return of_postgresql(error) or error


def _open(pooled: PoolProxiedConnection, driver: psycopg.Connection[Any]) -> SqlConnection:
    return SqlConnection(
        driver,
        driver.cursor(binary=True),
        engine="postgresql",
        errors=psycopg.Error,
        translate=of_postgresql,
        lease=pooled,
    )
