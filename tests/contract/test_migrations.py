"""The schema: up, down, without drift, and refusing to serve when it is not at its head."""

from __future__ import annotations

from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from hkeid.adapters.sql import SqlStore, downgrade, schema, tables, upgrade
from hkeid.adapters.vault import sql as vault_sql
from hkeid.adapters.vault import tables as vault_tables
from hkeid.kernel.errors import ConfigurationError, Unavailable

DATA = (upgrade, downgrade, tables.METADATA, schema.VERSION_TABLE)
VAULT = (
    vault_sql.upgrade,
    vault_sql.downgrade,
    vault_tables.METADATA,
    vault_sql.VERSION_TABLE,
)


@pytest.mark.parametrize("which", [DATA, VAULT], ids=["data", "vault"])
def test_the_migrations_make_the_tables_and_take_them_away(database_url, which) -> None:
    up, down, metadata, version_table = which
    for _ in range(2):
        up(database_url)
        with schema.migrating(database_url) as connection:
            there = set(inspect(connection).get_table_names())
        assert there == {*metadata.tables, version_table}
        down(database_url, "base")
        with schema.migrating(database_url) as connection:
            assert inspect(connection).get_table_names() == [version_table]


@pytest.mark.parametrize("which", [DATA, VAULT], ids=["data", "vault"])
def test_the_migrations_agree_with_the_tables(database_url, which) -> None:
    up, _, metadata, version_table = which
    up(database_url)
    with schema.migrating(database_url) as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": version_table, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_the_head_that_is_served_is_the_last_migration() -> None:
    assert ScriptDirectory(str(schema.MIGRATIONS)).get_current_head() == schema.HEAD
    vault = schema.MIGRATIONS.parents[1] / "vault" / "migrations"
    assert ScriptDirectory(str(vault)).get_current_head() == vault_sql.HEAD


def _reason(url, parts) -> str | None:
    with closing(SqlStore(url, **parts)) as store:
        try:
            with store.transaction():
                return None
        except ConfigurationError as error:
            return error.reason


def test_a_store_serves_at_the_head_alone(database_url, parts) -> None:
    assert _reason(database_url, parts) == "schema_not_current"
    upgrade(database_url)
    assert _reason(database_url, parts) is None
    with schema.migrating(database_url) as connection:
        connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'"))
    assert _reason(database_url, parts) == "schema_not_current"


def test_a_store_that_was_not_restored_to_the_end_does_not_serve(database_url, parts) -> None:
    upgrade(database_url)
    with schema.migrating(database_url) as connection:
        connection.execute(
            tables.store_state.insert().values(name=schema.RESTORE_PENDING, value="")
        )
    assert _reason(database_url, parts) == "restore_not_finished"


def test_a_failed_migration_changes_nothing(database_url) -> None:
    def migrate() -> None:
        with schema.migrating(database_url) as connection:
            connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        migrate()
    with schema.migrating(database_url) as connection:
        assert inspect(connection).get_table_names() == []


def test_two_processes_migrate_one_after_the_other(database_url) -> None:
    with schema.migrating(database_url), pytest.raises(Unavailable) as caught:
        upgrade(database_url)
    assert caught.value.reason == "store_busy"
    upgrade(database_url)


@pytest.mark.postgresql
def test_on_postgresql_a_migration_waits_four_seconds_for_a_lock_and_five_for_a_statement(
    postgresql_database,
) -> None:
    with postgresql_database() as url, schema.migrating(url) as connection:
        settings = ["lock_timeout", "statement_timeout"]
        found = [connection.execute(text(f"SHOW {name}")).scalar() for name in settings]
        assert found == ["4s", "5s"]
