"""``hkeid``: the operator's commands. Each is loaded when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, MutableMapping
from typing import Any

import click

from hkeid import __version__
from hkeid.kernel.errors import ConfigurationError, HkeidError, MissingExtra, Unavailable

_COMMANDS = {
    "audit": ("hkeid_server.cli.audit", "audit_group"),
    "backup": ("hkeid_server.cli.backup", "backup_group"),
    "check": ("hkeid_server.cli.check", "check"),
    "chip": ("hkeid_server.cli.chip", "chip_group"),
    "clients": ("hkeid_server.cli.clients", "clients_group"),
    "db": ("hkeid_server.cli.db", "db_group"),
    "init": ("hkeid_server.cli.init", "init"),
    "keys": ("hkeid_server.cli.keys", "keys_group"),
    "notices": ("hkeid_server.cli.notices", "notices_group"),
    "officers": ("hkeid_server.cli.officers", "officers_group"),
    "personas": ("hkeid_server.cli.personas", "personas"),
    "residents": ("hkeid_server.cli.residents", "residents_group"),
    "restore": ("hkeid_server.cli.backup", "restore_group"),
    "rp": ("hkeid_server.cli.rp", "rp_group"),
    "station": ("hkeid_server.cli.station", "station_group"),
    "stations": ("hkeid_server.cli.stations", "stations_group"),
    "serve": ("hkeid_server.cli.serve", "serve"),
}
"""Where each command is; a missing optional package is then only a problem for who needs it."""

EXIT_FAILED = 1
EXIT_CONFIGURATION = 3
EXIT_UNAVAILABLE = 4


class LazyCommands(MutableMapping[str, click.Command]):
    """Commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> click.Command:
        module, attribute = _COMMANDS[name]
        try:
            command: click.Command = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as missing:
            return _without_extra(name, str(missing.name))
        return command

    def __setitem__(self, name: str, command: click.Command) -> None:
        raise TypeError("commands are listed in _COMMANDS")

    def __delitem__(self, name: str) -> None:
        raise TypeError("commands are listed in _COMMANDS")

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


def _without_extra(name: str, module: str) -> click.Command:
    """What stands in for a command whose packages are not installed; it says so when it is called."""

    def refuse(**_: Any) -> None:
        raise MissingExtra(module, "server")

    return click.Command(
        name,
        callback=refuse,
        params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)],
        context_settings={"ignore_unknown_options": True},
        add_help_option=False,
        short_help="Needs hkeid[server].",
    )


class FriendlyGroup(click.Group):
    """A group whose deliberate errors become one plain sentence and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except HkeidError as error:
            click.echo(f"hkeid: {explain(error)}", err=True)
            ctx.exit(_exit_status(error))
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package in {"", "hkeid", "hkeid_server"}:
                raise
            click.echo(f"hkeid: {explain(MissingExtra(package, 'server'))}", err=True)
            ctx.exit(EXIT_CONFIGURATION)


def explain(error: HkeidError) -> str:
    """An error for an operator: what it is about, with the detail that the outside never sees."""
    words = error.reason.replace("_", " ")
    return f"{words}: {error.detail}" if error.detail else f"{error.safe_text} ({error.reason})"


def _exit_status(error: HkeidError) -> int:
    match error:
        case ConfigurationError():
            return EXIT_CONFIGURATION
        case Unavailable():
            return EXIT_UNAVAILABLE
        case _:
            return EXIT_FAILED


@click.group(
    cls=FriendlyGroup,
    commands=LazyCommands(),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="hkeid")
def main() -> None:
    """A digital identity for Hong Kong: run and look after the identity provider."""
