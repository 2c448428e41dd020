"""``hkeid``: the operator's commands. Each is loaded when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, MutableMapping
from typing import Any

import click

from hkeid import __version__
from hkeid.kernel.errors import (
    ConfigurationError,
    HkeidError,
    MalformedInput,
    MissingExtra,
    Unavailable,
)

_COMMANDS = {
    "audit": ("audit", "audit_group", "Prove that nothing in the audit trail was altered."),
    "backup": ("backup", "backup_group", "Make backups while the service runs."),
    "ca": (
        "ca",
        "ca_group",
        "The embedded certification authority, for sandboxes and private use.",
    ),
    "check": ("check", "check", "Say whether the server could serve, and what to change if not."),
    "chip": ("chip", "chip_group", "Cards, readers and tokens at this machine."),
    "upstreams": ("upstreams", "upstreams_group", "Identity providers behind this one."),
    "clients": ("clients", "clients_group", "Look after the relying parties."),
    "consent": ("consent", "consent_group", "Check receipts of consent."),
    "db": ("db", "db_group", "Look after the databases."),
    "init": ("init", "init", "Make configuration, keys and databases."),
    "keys": ("keys", "keys_group", "Look after the keys."),
    "notices": ("notices", "notices_group", "Tell residents what happened to their eID."),
    "officers": ("officers", "officers_group", "Look after the officers of the console."),
    "pdf": ("pdf", "pdf_group", "Sign PDF documents, and say what their signatures are worth."),
    "personas": ("personas", "personas", "List the test persons; make activation codes."),
    "residents": (
        "residents",
        "residents_group",
        "Suspend, resume or end an eID; ask the register again.",
    ),
    "restore": ("backup", "restore_group", "Come back from a backup, with the service stopped."),
    "retention": (
        "retention",
        "retention",
        "Say what is kept, how long, and whether anything is older than it may be.",
    ),
    "rp": ("rp", "rp_group", "Be a relying party, in the terminal."),
    "saml": ("saml", "saml_group", "SAML: our metadata, and the services that come in."),
    "station": ("station", "station_group", "Be a station: read cards for upgrades to eID+."),
    "stations": ("stations", "stations_group", "Look after the stations."),
    "serve": ("serve", "serve", "Serve until SIGTERM or Ctrl-C."),
    "tsa": ("tsa", "tsa_group", "A time-stamp authority (RFC 3161)."),
}
"""Where each command is, and its line in the help: the list of commands loads none of them, and a
missing optional package is only a problem for who needs it.
"""

EXIT_FAILED = 1
EXIT_CONFIGURATION = 3
EXIT_UNAVAILABLE = 4


class LazyCommands(MutableMapping[str, click.Command]):
    """Commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> click.Command:
        module, attribute, _ = _COMMANDS[name]
        try:
            command: click.Command = getattr(
                importlib.import_module(f"hkeid_server.cli.{module}"), attribute
            )
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
    )


class FriendlyGroup(click.Group):
    """A group whose deliberate errors, and files that cannot be read or written, become one plain sentence and an
    exit status.
    """

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][2]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except HkeidError as error:
            click.echo(f"hkeid: {explain(error)}", err=True)
            ctx.exit(_exit_status(error))
        except OSError as error:
            if error.filename is None:
                raise
            click.echo(f"hkeid: {error.strerror}: {error.filename}", err=True)
            ctx.exit(EXIT_FAILED)
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package in {"", "hkeid", "hkeid_server"}:
                raise
            click.echo(f"hkeid: {explain(MissingExtra(package, 'server'))}", err=True)
            ctx.exit(EXIT_CONFIGURATION)


def explain(error: HkeidError) -> str:
    """An error for an operator: what it is about, with the detail that the outside never sees."""
    words = error.reason.replace("_", " ")
    if error.detail:
        return f"{words}: {error.detail}"
    if isinstance(error, MalformedInput) and error.field:
        return f"{words}: {error.field} ({error.reason})"
    return f"{error.safe_text} ({error.reason})"


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
