"""``hkeid station``: the program on a kiosk's, counter's or mobile team's machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path
from threading import Event

import click

from hkeid.chip import CardAccessNumber, CardProfile, icao
from hkeid.kernel import plugins
from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.kernel.instants import from_epoch_seconds
from hkeid.ports import CardReader
from hkeid_server.cli.main import explain
from hkeid_server.station_agent import (
    Road,
    StationAgent,
    StationChannel,
    StationFolder,
    StationWindow,
    open_browser,
)

_PAUSE = 1.0
_ROUNDS_BETWEEN_RENEWALS = 3600


def _folder_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("station"),
        show_default=True,
        help="Where the station's key and certificate are.",
    )(command)


@click.group("station")
def station_group() -> None:
    """Be a station: read cards for upgrades to eID+."""


@station_group.command("enrol")
@click.argument("code")
@click.option("--server", required=True, help="https URL at which the server takes stations.")
@click.option(
    "--server-ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificates that the server's one is checked against (PEM), if not the system's.",
)
@_folder_option
def enrol(code: str, server: str, server_ca: Path | None, folder: Path) -> None:
    """Enrol this machine with the code from `hkeid stations add`."""
    kept = StationFolder(folder)
    if server_ca is not None:
        kept.trust(server_ca.read_bytes())
    made = _agent(kept, server, icao()).enrol(code, server=server)
    click.echo(f"enrolled: {made['name']} ({made['mode']}), station {made['station']}")


def _card_options(command: Callable[..., None]) -> Callable[..., None]:
    """Which reader, which kind of card."""
    for option in (
        click.option(
            "--profile",
            required=True,
            help="Kind of card: icao, hkic-specimen (sandbox), or one that an installed package brings.",
        ),
        click.option(
            "--reader", default="", help="A part of the reader's name; the first one, if not given."
        ),
        click.option(
            "--reader-kind", default="pcsc", show_default=True, help="How readers are reached."
        ),
    ):
        command = option(command)
    return command


@station_group.command("run")
@_card_options
@click.option(
    "--one-card",
    is_flag=True,
    help="Test stations with one card: ask for its six digits now, and for nobody's afterwards.",
)
@click.option("--browser", help="Program to open the pages with, full screen (Chromium).")
@_folder_option
def run(
    reader: str,
    reader_kind: str,
    profile: str,
    browser: str | None,
    folder: Path,
    *,
    one_card: bool,
) -> None:
    """Work until Ctrl-C: keep the browser open, read cards when the server asks."""
    kept = StationFolder(folder)
    kind = _profile(profile)
    access = _ask_digits() if one_card else None
    agent = _agent(kept, str(kept.settings()["server"]), kind, access)
    hello = agent.hello()
    click.echo(f"{hello['name']} ({hello['mode']})", err=True)
    launch = partial(open_browser, browser, folder) if browser else _say_address
    window = StationWindow(agent, plugins.load(plugins.SURROUNDINGS, "clock")(), launch)
    with _reader(reader_kind, reader) as opened, closing(window):
        window.keep()
        _work(agent, opened, window)


@station_group.command("shift")
@_folder_option
def shift(folder: Path) -> None:
    """Mobile teams: take a shift along before the network is left behind."""
    kept = StationFolder(folder)
    made = _road(kept, icao()).begin(_channel(kept))
    click.echo(f"shift {made['shift']}: good until {from_epoch_seconds(made['expires_at']):%F %T}")


@station_group.command("read")
@click.option("--same/--not-same", required=True, help="The officer compared the face.")
@_card_options
@_folder_option
def read_card(reader: str, reader_kind: str, profile: str, folder: Path, *, same: bool) -> None:
    """Mobile teams: read a card without a network, into the sealed queue. The six digits are asked for."""
    road = _road(StationFolder(folder), _profile(profile))
    access = _ask_digits()
    with _reader(reader_kind, reader) as opened:
        file = road.read(opened, access, same=same, timeout=20)
    click.echo(f"queued {file.name}")


@station_group.command("upload")
@_folder_option
def upload(folder: Path) -> None:
    """Mobile teams: bring the queue; an officer reviews each reading."""
    kept = StationFolder(folder)
    for answer in _road(kept, icao()).upload(_channel(kept)):
        words = (answer["step"], answer["reason"], answer.get("receipt"), answer.get("kept"))
        click.echo(" ".join(str(word) for word in words if word))


def _channel(kept: StationFolder) -> StationChannel:
    return StationChannel(str(kept.settings()["server"]), kept)


def _profile(name: str) -> CardProfile:
    """A kind of card by name.

    :raises hkeid.kernel.errors.ConfigurationError: ``plugin_unknown``; the detail lists what there is.
    """
    made: CardProfile = plugins.load(plugins.CARD_PROFILES, name)()
    return made


def _reader(kind: str, name: str) -> AbstractContextManager[CardReader]:
    factory: Callable[..., AbstractContextManager[CardReader]] = plugins.load(
        plugins.CARD_READERS, kind
    )
    return factory(name=name) if name else factory()


def _ask_digits() -> CardAccessNumber:
    """The six digits printed on a card: never an argument, which others on the machine would see.

    :raises hkeid.kernel.errors.MalformedInput: ``can_malformed``.
    """
    prompt = "Six digits printed on the card"
    return CardAccessNumber(str(click.prompt(prompt, hide_input=True, err=True)).strip())


def _road(kept: StationFolder, profile: CardProfile) -> Road:
    return Road(
        kept,
        clock=plugins.load(plugins.SURROUNDINGS, "clock")(),
        random=plugins.load(plugins.SURROUNDINGS, "random")(),
        profile=profile,
    )


def _agent(
    kept: StationFolder, server: str, profile: CardProfile, access: CardAccessNumber | None = None
) -> StationAgent:
    return StationAgent(
        StationChannel(server, kept),
        kept,
        clock=plugins.load(plugins.SURROUNDINGS, "clock")(),
        random=plugins.load(plugins.SURROUNDINGS, "random")(),
        profile=profile,
        seen=None if access is None else lambda: access,
    )


def _work(agent: StationAgent, reader: CardReader, window: StationWindow) -> None:
    pause = Event()
    rounds = 0
    while True:
        try:
            if rounds % _ROUNDS_BETWEEN_RENEWALS == 0 and agent.renew_if_due():
                click.echo("renewed the certificate", err=True)
            window.keep()
            said = agent.once(reader)
            if said is not None:
                click.echo(f"{said['step']} {said['reason'] or ''}".strip(), err=True)
        except Unavailable as error:
            click.echo(f"hkeid: {explain(error)}; trying again", err=True)
            pause.wait(5)
        except HkeidError as error:
            if error.reason.startswith(("station_", "certificate_")):
                raise
            click.echo(f"hkeid: {explain(error)}", err=True)
        rounds += 1
        pause.wait(_PAUSE)


class _NoWindow:
    """A browser that somebody else opens: nobody knows when it ends."""

    open = True

    def close(self) -> None:
        """Nothing of ours to end."""


def _say_address(address: str) -> _NoWindow:
    click.echo(f"open within two minutes: {address}")
    return _NoWindow()
