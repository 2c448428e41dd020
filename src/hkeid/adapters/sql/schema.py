"""The schema as a step of its own: bringing it up to date, and refusing to serve when it is not.

A change of the schema is spread over releases (expand, migrate, contract), so that two neighbouring
releases can share a database while an operator replaces one by the other: first what is new is
added, then both are written, and only a later release takes the old away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, bindparam, column, create_engine, event, exc, select, table, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.failures import of_postgresql, of_sqlite
from hkeid.adapters.sql.sqlite import SqliteSettings, connect, database_file
from hkeid.adapters.sql.statements import Statement
from hkeid.adapters.sql.tables import store_state
from hkeid.kernel.errors import ConfigurationError

HEAD: Final = "0019"
"""The revision that this release serves; the last one in ``migrations/versions``."""

VERSION_TABLE: Final = "schema_version"
RESTORE_PENDING: Final = "restore_pending"

_MIGRATING: Final = int.from_bytes(b"hkeid", "big")
_DATA: Final = SqliteSettings()
MIGRATIONS: Final = Path(__file__).parent / "migrations"

_PENDING: Final = Statement(
    select(store_state.c.value).where(store_state.c.name == bindparam("name", required=True))
)


def revision_statement(version_table: str) -> Statement:
    """Reads the revision that a database is at."""
    return Statement(select(column("version_num")).select_from(table(version_table)))


def check_revision(connection: SqlConnection, statement: Statement, head: str) -> None:
    """Let a database at revision ``head`` pass.

    :raises hkeid.kernel.errors.ConfigurationError: ``schema_not_current``.
    """
    found = [row[0] for row in connection.rows(statement, {})]
    if found != [head]:
        detail = f"database at {', '.join(found) or 'nothing'}, this release needs {head}"
        raise ConfigurationError("schema_not_current", detail=f"{detail}; run: hkeid db upgrade")


_REVISION: Final = revision_statement(VERSION_TABLE)


def check(connection: SqlConnection, *, restoring: bool = False) -> None:
    """Let a database pass whose schema is this release's and that no restore left half done.

    :param restoring: it is the restore that asks.

    :raises hkeid.kernel.errors.ConfigurationError: ``schema_not_current``,
        ``restore_not_finished``.
    """
    check_revision(connection, _REVISION, HEAD)
    if not restoring and connection.rows(_PENDING, {"name": RESTORE_PENDING}):
        raise ConfigurationError("restore_not_finished", detail="run: hkeid restore")


def upgrade(
    url: str | URL,
    revision: str = "head",
    *,
    migrations: Path = MIGRATIONS,
    sqlite: SqliteSettings = _DATA,
) -> None:
    """Bring the schema up to ``revision``.

    All in one transaction, and one process at a time. On PostgreSQL a migration waits at most 4
    seconds for a lock and 5 for a statement, so that it fails and not the service behind it.

    :raises hkeid.kernel.errors.Unavailable: ``store_busy``, ``store_timeout`` …; nothing was
        changed, try again.
    """
    from alembic import command

    with migrating(url, sqlite) as connection:
        command.upgrade(configuration(connection, migrations), revision)


def downgrade(
    url: str | URL,
    revision: str,
    *,
    migrations: Path = MIGRATIONS,
    sqlite: SqliteSettings = _DATA,
) -> None:
    """Take the schema back to ``revision`` (``base``: nothing). What the newer one held is lost."""
    from alembic import command

    with migrating(url, sqlite) as connection:
        command.downgrade(configuration(connection, migrations), revision)


def configuration(connection: Connection, migrations: Path = MIGRATIONS) -> Any:
    """Alembic's configuration for a database that is open already."""
    from alembic.config import Config

    config = Config()
    # ConfigParser reads "%" as the beginning of a reference.
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def migrating(url: str | URL, sqlite: SqliteSettings = _DATA) -> Iterator[Connection]:
    """An open transaction for changes of the schema, which SQLite takes back as well as data."""
    address = make_url(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    translate = of_sqlite if is_sqlite else of_postgresql
    engine = _sqlite_engine(address, sqlite) if is_sqlite else _postgresql_engine(address)
    try:
        with engine.begin() as connection:
            if not is_sqlite:
                # Two nodes that start together: the second finds the work done.
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
            yield connection
    except exc.DBAPIError as error:
        original = error.orig
        raise (translate(original) if isinstance(original, Exception) else None) or error from None
    finally:
        engine.dispose()


def _sqlite_engine(url: URL, settings: SqliteSettings) -> Any:
    file = database_file(url)
    engine = create_engine(url, creator=lambda: connect(file, settings), poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgresql_engine(url: URL) -> Any:
    options = "-c lock_timeout=4s -c statement_timeout=5s"
    return create_engine(url, connect_args={"options": options}, poolclass=NullPool)
