"""The vault on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import ClauseElement, and_, func, inspect, literal_column, or_, select
from sqlalchemy.engine import URL, make_url

from hkeid.adapters.sql import schema
from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.database import open_database
from hkeid.adapters.sql.sqlite import SqliteSettings
from hkeid.adapters.sql.statements import Insert, Statement, param, values
from hkeid.adapters.vault.tables import data_keys
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds

HEAD: Final = "vault_0002"
"""The revision that this release serves."""

VERSION_TABLE: Final = "vault_schema_version"

_MIGRATIONS: Final = Path(__file__).parent / "migrations"

VAULT_SETTINGS: Final = SqliteSettings(journal="DELETE", synchronous="EXTRA", secure_delete=True)
"""No copy of a destroyed key stays in the file or in one beside it."""

_PAGE: Final = 1000

_k = data_keys.c

_REVISION: Final = schema.revision_statement(VERSION_TABLE)
_PUT: Final = Statement(
    lambda insert: insert(data_keys).values(values(data_keys)).on_conflict_do_nothing()
)
_GET: Final = Statement(select(_k.wrapped).where(_k.resident_id == param(_k.resident_id)))


def _destroying(insert: Insert) -> ClauseElement:
    fresh = insert(data_keys).values(values(data_keys))
    statement: ClauseElement = fresh.on_conflict_do_update(
        index_elements=[_k.resident_id],
        set_={
            "wrapped": None,
            "erased_at": func.coalesce(_k.erased_at, fresh.excluded.erased_at),
        },
    )
    return statement


_DESTROY: Final = Statement(_destroying)
_ERASED: Final = Statement(
    select(_k.resident_id, _k.erased_at)
    .where(
        or_(
            _k.erased_at > param(_k.erased_at, "after"),
            and_(
                _k.erased_at == param(_k.erased_at, "after"),
                _k.resident_id > param(_k.resident_id, "after_id"),
            ),
        )
    )
    .order_by(_k.erased_at, _k.resident_id)
    .limit(literal_column(str(_PAGE)))
)


def upgrade(url: str | URL, revision: str = "head") -> None:
    """Bring the vault's schema up to ``revision``, as :func:`hkeid.adapters.sql.upgrade` does.

    :raises hkeid.kernel.errors.ConfigurationError: ``vault_not_apart``, the data is kept in this
        database, and would be backed up together with the keys to it.
    """
    with schema.migrating(url, VAULT_SETTINGS) as connection:
        if inspect(connection).has_table(schema.VERSION_TABLE):
            raise ConfigurationError("vault_not_apart", detail="give the vault its own database")
    schema.upgrade(url, revision, migrations=_MIGRATIONS, sqlite=VAULT_SETTINGS)


def downgrade(url: str | URL, revision: str) -> None:
    """Take the vault's schema back to ``revision``; ``base`` destroys every key."""
    schema.downgrade(url, revision, migrations=_MIGRATIONS, sqlite=VAULT_SETTINGS)


class SqlVault:
    """:class:`hkeid.ports.DataKeyVault` in a database of its own.

    On SQLite a destroyed key is overwritten in the file before ``destroy`` returns. PostgreSQL keeps
    a former row until it is vacuumed, and in its write-ahead log as long as that is archived: there
    ``destroy`` vacuums the table, and the archive must not outlast the horizon of the backups.

    :param url: ``sqlite:///FILE`` or ``postgresql+psycopg://…``.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 4) -> None:
        self._database = open_database(
            make_url(url),
            pool_size=pool_size,
            statement_timeout=5.0,
            lock_timeout=4.0,
            sqlite=VAULT_SETTINGS,
        )
        self._checked = False

    def put(self, resident_id: str, wrapped: bytes) -> bool:
        """Keep a new wrapped key; False when there is one or the resident was erased."""
        parameters = {"resident_id": resident_id, "wrapped": wrapped, "erased_at": None}
        return self._write(_PUT, parameters) == 1

    def get(self, resident_id: str) -> bytes | None:
        """The wrapped key, or None."""
        connection = self._begin_reading()
        try:
            row = connection.find(_GET, {"resident_id": resident_id})
        finally:
            self._database.end_reading(connection)
        return None if row is None else row[0]

    def destroy(self, resident_id: str, now: Instant) -> None:
        """Destroy the key and put the resident on the erasure list; once there, it stays as it is."""
        parameters = {
            "resident_id": resident_id,
            "wrapped": None,
            "erased_at": epoch_microseconds(now),
        }
        self._write(_DESTROY, parameters)
        self._database.vacuum(data_keys.name)

    def erased(self) -> Iterator[tuple[str, Instant]]:
        """The erasure list, oldest first."""
        after, after_id = -(2**62), ""
        while page := self._page(after, after_id):
            for after_id, after in page:
                yield after_id, from_epoch_microseconds(after)

    def check_schema(self) -> None:
        """Refuse to serve unless the schema is this release's. The first use does this by itself.

        :raises hkeid.kernel.errors.ConfigurationError: ``schema_not_current``.
        """
        connection = self._database.begin_reading()
        try:
            schema.check_revision(connection, _REVISION, HEAD)
        finally:
            self._database.end_reading(connection)
        self._checked = True

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _page(self, after: int, after_id: str) -> list[tuple[str, int]]:
        connection = self._begin_reading()
        try:
            rows = connection.rows(_ERASED, {"after": after, "after_id": after_id})
        finally:
            self._database.end_reading(connection)
        return [(row[0], row[1]) for row in rows]

    def _begin_reading(self) -> SqlConnection:
        if not self._checked:
            self.check_schema()
        return self._database.begin_reading()

    def _write(self, statement: Statement, parameters: Mapping[str, object]) -> int:
        if not self._checked:
            self.check_schema()
        connection = self._database.begin()
        try:
            count = connection.change(statement, parameters)
        except BaseException:
            self._database.rollback(connection)
            raise
        self._database.commit(connection)
        return count
