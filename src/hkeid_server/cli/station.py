"""``hkeid station``: the program on a kiosk's, counter's or mobile team's machine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event

import click

from hkeid.chip import CardAccessNumber, hkic_specimen, icao
from hkeid.kernel import plugins
from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.kernel.instants import from_epoch_seconds
from hkeid.ports import CardReader
from hkeid_server.cli.main import explain
from hkeid_server.station_agent import Road, StationAgent, StationChannel, StationFolder

_PROFILES = {"hkic-specimen": hkic_specimen, "icao": icao}
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
    made = _agent(kept, server, "icao").enrol(code, server=server)
    click.echo(f"enrolled: {made['name']} ({made['mode']}), station {made['station']}")


@station_group.command("run")
@click.option("--reader", default="pcsc", show_default=True, help="Kind of the card reader.")
@click.option(
    "--profile",
    type=click.Choice(sorted(_PROFILES)),
    default="hkic-specimen",
    show_default=True,
    help="Kind of card.",
)
@click.option("--can", help="The six digits of every card (test stations with one card).")
@click.option("--browser", help="Program to open the pages with, full screen.")
@_folder_option
def run(reader: str, profile: str, can: str | None, browser: str | None, folder: Path) -> None:
    """Work until Ctrl-C: open the browser, read cards when the server asks."""
    kept = StationFolder(folder)
    agent = _agent(kept, str(kept.settings()["server"]), profile, can)
    factory: Callable[..., AbstractContextManager[CardReader]] = plugins.load(
        plugins.CARD_READERS, reader
    )
    hello = agent.hello()
    click.echo(f"{hello['name']} ({hello['mode']})", err=True)
    with factory() as opened, _window(browser, agent.browser_address()):
        _work(agent, opened)


@station_group.command("shift")
@_folder_option
def shift(folder: Path) -> None:
    """Mobile teams: take a shift along before the network is left behind."""
    kept = StationFolder(folder)
    made = _road(kept, "icao").begin(_channel(kept))
    click.echo(f"shift {made['shift']}: good until {from_epoch_seconds(made['expires_at']):%F %T}")


@station_group.command("read")
@click.option("--can", required=True, help="The six digits printed on the card.")
@click.option("--same/--not-same", required=True, help="The officer compared the face.")
@click.option("--reader", default="pcsc", show_default=True, help="Kind of the card reader.")
@click.option("--profile", type=click.Choice(sorted(_PROFILES)), default="hkic-specimen")
@_folder_option
def read_card(can: str, reader: str, profile: str, folder: Path, *, same: bool) -> None:
    """Mobile teams: read a card without a network, into the sealed queue."""
    factory = plugins.load(plugins.CARD_READERS, reader)
    with factory() as opened:
        road = _road(StationFolder(folder), profile)
        file = road.read(opened, CardAccessNumber(can), same=same, timeout=20)
    click.echo(f"queued {file.name}")


@station_group.command("upload")
@_folder_option
def upload(folder: Path) -> None:
    """Mobile teams: bring the queue; an officer reviews each reading."""
    kept = StationFolder(folder)
    for answer in _road(kept, "icao").upload(_channel(kept)):
        words = (answer["step"], answer["reason"], answer.get("receipt"))
        click.echo(" ".join(str(word) for word in words if word))


def _channel(kept: StationFolder) -> StationChannel:
    return StationChannel(str(kept.settings()["server"]), kept)


def _road(kept: StationFolder, profile: str) -> Road:
    return Road(
        kept,
        clock=plugins.load(plugins.SURROUNDINGS, "clock")(),
        random=plugins.load(plugins.SURROUNDINGS, "random")(),
        profile=_PROFILES[profile](),
    )


def _agent(kept: StationFolder, server: str, profile: str, can: str | None = None) -> StationAgent:
    return StationAgent(
        StationChannel(server, kept),
        kept,
        clock=plugins.load(plugins.SURROUNDINGS, "clock")(),
        random=plugins.load(plugins.SURROUNDINGS, "random")(),
        profile=_PROFILES[profile](),
        seen=None if can is None else lambda: CardAccessNumber(can),
    )


def _work(agent: StationAgent, reader: CardReader) -> None:
    pause = Event()
    rounds = 0
    while True:
        try:
            if rounds % _ROUNDS_BETWEEN_RENEWALS == 0 and agent.renew_if_due():
                click.echo("renewed the certificate", err=True)
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


@contextmanager
def _window(browser: str | None, address: str) -> Iterator[None]:
    """The station's browser at its first page, or a line that says where that is."""
    if browser is None:
        click.echo(f"open within two minutes: {address}")
        yield
        return
    command = [browser, "--kiosk", "--incognito", "--no-first-run", address]
    window = subprocess.Popen(command)  # noqa: S603 - the operator names the program
    try:
        yield
    finally:
        window.terminate()
        window.wait(10)
