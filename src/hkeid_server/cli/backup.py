"""``hkeid backup`` and ``hkeid restore``: the data, and apart from it the vault."""

from __future__ import annotations

from pathlib import Path

import click

from hkeid.kernel.errors import ConfigurationError
from hkeid_server.cli.shared import config_option, read
from hkeid_server.config import Config

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("backup")
def backup_group() -> None:
    """Make backups while the service runs.

    Data and vault go to different folders, kept by different people: together they are readable. A
    backup of the vault is good for seven days, so that an erasure is complete everywhere after that.
    """


@backup_group.command("data")
@click.argument("folder", type=_FOLDER)
@config_option
def back_up_data(config_path: Path, folder: Path) -> None:
    """Copy the data as it is at this moment."""
    from hkeid_server import wiring

    click.echo(wiring.back_up_data(_durable(read(config_path)), folder))


@backup_group.command("vault")
@click.argument("folder", type=_FOLDER)
@config_option
def back_up_vault(config_path: Path, folder: Path) -> None:
    """Copy the vault, and delete its backups whose time is over."""
    from hkeid_server import wiring

    click.echo(wiring.back_up_vault(_durable(read(config_path)), folder))


@backup_group.command("erasures")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@config_option
def keep_erasures(config_path: Path, file: Path) -> None:
    """Write the list of erased residents; keep it where the vault is not."""
    from hkeid_server import wiring

    wiring.write_erasures(_durable(read(config_path)), file)
    click.echo(file)


@click.group("restore")
def restore_group() -> None:
    """Come back from a backup, with the service stopped. Erased residents stay erased."""


@restore_group.command("data")
@click.argument("backup", type=_FILE)
@click.option("--replace", is_flag=True, help="Replace the database that is there.")
@config_option
def restore_data(config_path: Path, backup: Path, *, replace: bool) -> None:
    """Bring the data back; sessions and grants end, the erasure list is replayed."""
    from hkeid_server import wiring

    done = wiring.restore_data(_durable(read(config_path)), backup, replace=replace)
    click.echo(
        f"restored {done.backup}: {done.sessions_ended} sessions ended, {done.grants_revoked} grants "
        f"revoked, {done.erased_again} residents erased again"
    )
    click.echo("look up in exported audit records what was revoked after the backup")


@restore_group.command("vault")
@click.argument("backup", type=_FILE)
@click.option(
    "--erasures", type=_FILE, help="The list of erased residents, where the vault is lost."
)
@click.option("--replace", is_flag=True, help="Replace the vault that is there.")
@config_option
def restore_vault(config_path: Path, backup: Path, erasures: Path | None, *, replace: bool) -> None:
    """Bring the vault back; no key of an erased resident comes with it."""
    from hkeid_server import wiring

    config = _durable(read(config_path))
    count = wiring.restore_vault(config, backup, erasures=erasures, replace=replace)
    click.echo(f"restored {backup.name}: {count} residents stay erased")


def _durable(config: Config) -> Config:
    from hkeid_server.wiring import MEMORY

    if MEMORY in {config.store.url, config.vault.url}:
        raise ConfigurationError("store_in_memory", detail="there is nothing to keep")
    return config
