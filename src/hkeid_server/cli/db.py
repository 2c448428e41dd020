"""``hkeid db``: the schema as a step of its own."""

from __future__ import annotations

from pathlib import Path

import click

from hkeid_server.cli.shared import config_option, read
from hkeid_server.config import Config


@click.group("db")
def db_group() -> None:
    """Look after the databases."""


@db_group.command("upgrade")
@config_option
def upgrade(config_path: Path) -> None:
    """Bring store and vault to this release's schema. Two neighbouring releases can share it."""
    upgrade_databases(read(config_path))


def upgrade_databases(config: Config) -> None:
    """Bring store and vault up to date; nothing to do for those in memory."""
    from hkeid_server.wiring import MEMORY, database_url

    if config.store.url != MEMORY:
        from hkeid.adapters.sql import schema

        schema.upgrade(database_url(config, config.store.url, config.store.password))
        click.echo(f"store: at {schema.HEAD}")
    if config.vault.url != MEMORY:
        from hkeid.adapters import vault

        vault.upgrade(database_url(config, config.vault.url, config.vault.password))
        click.echo("vault: ready")
