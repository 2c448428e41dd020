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
    from hkeid_server.wiring import upgrade_store, upgrade_vault

    revision = upgrade_store(config)
    if revision:
        click.echo(f"store: at {revision}")
    if upgrade_vault(config):
        click.echo("vault: current")
