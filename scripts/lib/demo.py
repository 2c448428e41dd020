"""The demonstration on this machine: identity provider, admin listener, register of persons, two relying
parties, a counter's station with a card reader, and other identity providers: iAM Smart, a company, a university, all simulated.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from threading import Event, Thread

from demo_upstreams import (
    describe,
    describe_service,
    describe_town,
    start_company,
    start_iam_smart,
    start_service_of_saml,
    start_town,
    start_university,
)
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.chip import hkic_specimen
from hkeid.kernel.errors import HkeidError
from hkeid.testing.browser import Browser
from hkeid.testing.card_issuer import CardIssuer
from hkeid.testing.demo_station import (
    DemoReader,
    demo_reader,
    inserted,
    station_link,
    trust_country,
)
from hkeid.testing.installation import CommandFailed, Installation
from hkeid.testing.journey import Journey, Step, StepFailed, run
from hkeid.testing.journey_elsewhere import JourneyElsewhere
from hkeid.testing.journey_old_account import JourneyOfOldAccount
from hkeid.testing.journey_plus import JourneyPlus
from hkeid.testing.journey_review import JourneyOfReview
from hkeid.testing.journey_saml import JourneyOfSaml
from hkeid.testing.journey_signing import JourneyOfSigning
from hkeid.testing.journey_town import JourneyOfTown
from hkeid.testing.journey_upstreams import JourneyOfUpstreams
from hkeid.testing.personas import PERSONAS
from hkeid.testing.portraits import portrait
from hkeid.testing.processes import DidNotStart, ServerProcess, free_port
from hkeid.testing.specimen_card import Condition, draw_card, face_of, photograph
from hkeid.testing.station_door import StationDoor
from hkeid.testing.virtual_station import VirtualStation
from hkeid_server.station_agent import StationAgent, StationChannel, StationFolder

ROOT = Path(__file__).resolve().parents[2]
DEMO_CARD = "ho-sau-lan"
STATES = {
    "applicant": "has no device yet: get an activation code",
    "active": "has an eID",
    "upgraded": "has an eID+",
    "suspended": "has frozen the eID",
    "revoked": "has no eID any more",
}
EXAMPLES = {"hko-suggestions": "relying_party_flask", "ird-etax": "relying_party_django"}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts listen."""

    public: int = 8000
    admin: int = 8001
    flask: int = 5001
    django: int = 5002
    registry: int = 8010
    stations: int = 8443
    counter: int = 8011
    iam_smart: int = 8020
    saml: int = 5003
    company: int = 8030
    university: int = 8031
    town: int = 5005

    def services(self) -> dict[str, str]:
        """Base URLs of the relying parties by client id."""
        numbers = (self.flask, self.django)
        return {
            client_id: f"http://localhost:{number}"
            for client_id, number in zip(EXAMPLES, numbers, strict=True)
        }


_PLACES = {("provider" if one.name == "public" else one.name): one.default for one in fields(Ports)}
"""What ``--ports`` takes, in its order."""


class PortTaken(RuntimeError):
    """Somebody else listens where a part of the demonstration must be."""


def check_ports(ports: Ports) -> None:
    """Refuse to start beside something that has our ports already."""
    taken = []
    for part in fields(ports):
        number = getattr(ports, part.name)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                taken.append(str(number))
    if taken:
        raise PortTaken(f"in use already: {', '.join(taken)}. Is another demonstration running?")


def install(folder: Path, ports: Ports) -> Installation:
    """The installation in ``folder``, made if there is none."""
    if (folder / "hkeid.toml").exists():
        installation = Installation(folder, ports.public)
        installation.prepare(ports.services())
        return installation
    return Installation.make(
        folder,
        port=ports.public,
        admin={"enabled": True, "port": ports.admin},
        officers={"enabled": True},
        log={"level": "info", "access": True, "file": "hkeid.log"},
        sandbox={"seed": True, "relying_parties": ports.services()},
        registry={"url": f"http://localhost:{ports.registry}", "timeout_seconds": 60},
        certificates={"enabled": True, "timestamps": True},
        signing={"enabled": True, "bare_hashes": True},
        validation={"enabled": True},
        saml={"enabled": True},
        stations={
            "enabled": True,
            "proxies": ["127.0.0.1"],
            "proxy_secret": secrets.token_urlsafe(32),
            "authority": "stations",
        },
    )


def start_service(installation: Installation, client_id: str, url: str) -> ServerProcess:
    """One relying party, with the key that the provider knows it by."""
    package, folder = EXAMPLES[client_id], installation.folder
    source = ROOT / "examples" / package / "src"
    environment = {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH")])),
        "HKEID_ISSUER": installation.issuer,
        "HKEID_CLIENT_ID": client_id,
        "HKEID_PRIVATE_KEY": str(folder / "clients" / f"{client_id}.pem"),
        "RP_BASE_URL": url,
        "RP_SECRET_KEY_FILE": str(folder / f"{client_id}.secret"),
        "RP_DATABASE": str(folder / f"{client_id}.accounts"),
    }
    return ServerProcess(
        [sys.executable, "-m", package],
        port=int(url.rpartition(":")[2]),
        log=folder / f"{client_id}.log",
        environment=environment,
        folder=folder,
    )


def start_registry(folder: Path, port: int) -> ServerProcess:
    """The register of persons that knows the test persons, with pictures of two of them."""
    command = ["-m", "hkeid.testing.registry_simulator", "--port", str(port), "--faces"]
    return ServerProcess(
        [sys.executable, *command], port=port, log=folder / "registry.log", folder=folder
    )


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter's station: enrolled over mutual TLS, with a card reader and an invented country's cards."""

    agent: StationAgent
    reader: DemoReader
    issuer: CardIssuer

    def insert(self, persona: str) -> AbstractContextManager[str]:
        """A persona's card in the reader; gives its six digits."""
        return inserted(self.reader, self.issuer, persona)


@contextmanager
def counter(installation: Installation, ports: Ports, issuer: CardIssuer) -> Iterator[Counter]:
    """The station, with what stands in for nginx in front of the stations' interface."""
    settings = tomllib.loads(installation.configuration.read_text("utf-8"))["stations"]
    folder = installation.folder
    with ExitStack() as stack:
        door = stack.enter_context(
            StationDoor(
                installation.issuer,
                client_ca=folder / "stations" / "station-root.pem",
                secret=settings["proxy_secret"],
                folder=folder / "station-door",
                port=ports.stations,
            )
        )
        kept = StationFolder(folder / "counter")
        kept.trust(door.authority.read_bytes())
        agent = StationAgent(
            StationChannel(door.url, kept),
            kept,
            clock=SystemClock(),
            random=SystemRandom(),
            profile=hkic_specimen(),
        )
        if not kept.enrolled:
            added = installation.run("stations", "add", "Counter 1", "--mode", "counter")
            agent.enrol(added.splitlines()[1].split()[1], server=door.url)
        yield Counter(agent, stack.enter_context(demo_reader()), issuer)


@contextmanager
def attended(desk: Counter) -> Iterator[None]:
    """Somebody at the counter: whenever the server asks for a card, the demonstration's is in the reader."""
    done = Event()

    def work() -> None:
        while not done.is_set():
            with suppress(HkeidError):
                desk.agent.once(desk.reader.reader, timeout=2)
            done.wait(0.5)

    with desk.insert(DEMO_CARD):
        thread = Thread(target=work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(5)


def command() -> str:
    """How to call ``hkeid`` from any shell: the one that this demonstration runs."""
    script = Path(sys.executable).with_name("hkeid")
    return str(script) if script.exists() else f"{sys.executable} -m hkeid_server.cli"


def persons(installation: Installation) -> list[str]:
    """Whom one may be, in the state in which they are now."""
    card = PERSONAS[DEMO_CARD]
    states = {}
    for line in installation.run("personas").splitlines():
        key, state, _ = line.split(maxsplit=2)
        states[key] = state
    first = states.get(DEMO_CARD)
    told = [f"    {card.person.name.english:<16} {STATES[first] if first else card.story['en']}"]
    others = [key for key in states if key != DEMO_CARD][:6]
    return told + [
        f"    {PERSONAS[key].person.name.english:<16} {STATES[states[key]]}" for key in others
    ]


def guide(installation: Installation, ports: Ports, counter_link: str) -> str:
    """What to do now, for a person who has never seen this."""
    folder = installation.folder
    provider = f"http://localhost:{ports.public}"
    flask, django = ports.services().values()
    card = PERSONAS[DEMO_CARD]
    specimen = folder / f"{DEMO_CARD}.jpg"
    specimen.write_bytes(
        photograph(draw_card(face_of(card), portrait=portrait(DEMO_CARD)), Condition.CLEAN, seed=1)
    )
    lines = [
        "",
        "  Hong Kong eID: a demonstration. Every person in it is invented.",
        "",
        f"  1. Choose a person and get an activation code   {provider}/sandbox",
        "  2. Activate the eID there with a passkey",
        f"  3. Log in at a service                          {flask}  suggestion form",
        f"     and at another one, without a passkey now    {django}  eTAX",
        f"     or with the simulated iAM Smart              http://localhost:{ports.iam_smart}",
        "     or with a company's or a university's login  (they ask who you are, and no password)",
        f"     at a service that speaks SAML                http://localhost:{ports.saml}",
        f"     have forms filled: hospital, bank, shop …    http://localhost:{ports.town}",
        "     somebody with a password from before?        open the old account there, and link it",
        f"  4. See who received what                        {provider}/account",
        "",
        f"  Or from nothing: register on a phone            {provider}/register",
        f"     with the picture of a SPECIMEN card          {specimen}",
        "     (your own face is not the one on it: an officer will be asked)",
        f"  Upgrade to eID+: open the counter's station     {counter_link}",
        f"     the card of {card.person.name.english} is in its reader; digits {card.card.access_number}",
        f"  Officers' console                               http://localhost:{ports.admin}/console/",
        "     a code for an officer:",
        f'     {command()} officers code "SUI, Ling" --config {installation.configuration}',
        "",
        "  Say localhost, not 127.0.0.1: passkeys belong to a name. No device with a screen lock?",
        "  Chromium has one in software: developer tools, More tools, WebAuthn.",
        "",
        "  Persons, among others, as they are now:",
        *persons(installation),
        "",
        f"  Health and metrics: http://localhost:{ports.admin}/health/ready",
        f"  Data and logs: {folder}",
        "  Stop with Ctrl-C.",
        "",
    ]
    return "\n".join(lines)


def once(installation: Installation, ports: Ports, desk: Counter) -> int:
    """Drive the journey and verify the audit trail; 0 when every step went well."""
    first, second = ports.services().values()
    journey = Journey(issuer=installation.issuer, first=first, second=second)
    higher = JourneyPlus(
        issuer=installation.issuer,
        service=first,
        station=VirtualStation(desk.agent, desk.reader.reader),
        insert=desk.insert,
    )
    signing = JourneyOfSigning(
        issuer=installation.issuer,
        service=first,
        declarant=lambda: higher.applicant.resident,
        witness=lambda: higher.key_holder,
    )
    old_account = JourneyOfOldAccount(
        issuer=installation.issuer, service=first, authenticator=journey.resident.authenticator
    )
    away = JourneyElsewhere(issuer=installation.issuer, first=first, second=second)
    upstreams = JourneyOfUpstreams(
        issuer=installation.issuer,
        service=first,
        company=f"http://localhost:{ports.company}",
        university=f"http://localhost:{ports.university}",
    )
    saml = JourneyOfSaml(
        service=f"http://localhost:{ports.saml}",
        first=first,
        resident=journey.resident,
        elsewhere=away,
    )
    town = JourneyOfTown(
        town=f"http://localhost:{ports.town}",
        resident=journey.resident,
        keep=partial(_kept, installation.folder / "kept"),
        run=installation.run_without_configuration,
    )
    review = JourneyOfReview(
        issuer=installation.issuer,
        console=f"http://localhost:{ports.admin}",
        code=lambda name: installation.run("officers", "code", name).split()[-1],
    )

    def ready() -> str:
        page = Browser().get(f"http://localhost:{ports.admin}/health/ready")
        if page.status != 200 or not page.json()["ready"]:
            raise page.unexpected("not ready")
        return ", ".join(page.json()["checks"])

    def verify() -> str:
        installation.run("audit", "checkpoint")  # without one, nobody can say where a chain ends
        said = installation.run("audit", "verify").strip().splitlines()
        return said[-1] if said else "no finding"

    # Who has an eID+ has it from then on, and so who was accepted: all this can be gone once in a folder.
    done = installation.folder / "journey-plus"
    station = Step(name="the station has a card reader", do=lambda: desk.reader.kind)
    steps = (
        Step(name="the admin listener says that all is ready", do=ready),
        *journey.steps(),
        *old_account.steps(),
        *away.steps(),
        *upstreams.steps(),
        *(saml.steps() if _enabled(installation, "saml") else ()),
        *town.steps(),
        *(() if done.exists() else (station, *higher.steps(), *_signing(installation, signing))),
        *(() if done.exists() else review.steps()),
        Step(name="verify the audit trail", do=verify),
    )
    try:
        seconds = run(steps, sys.stdout)
    except StepFailed as failed:
        print(f"\nFAILED at: {failed}", file=sys.stderr)
        return 1
    done.touch()
    print(f"\nThe whole journey took {seconds:.1f} s.")
    return 0


def _kept(folder: Path, name: str, content: bytes) -> str:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return str(folder / name)


def _signing(installation: Installation, journey: JourneyOfSigning) -> tuple[Step, ...]:
    """The steps of signing; none in a folder that was made before there was signing."""
    return journey.steps() if _enabled(installation, "signing") else ()


def _enabled(installation: Installation, section: str) -> bool:
    """Whether the installation has it: its folder may be older."""
    settings = tomllib.loads(installation.configuration.read_text("utf-8"))
    return bool(settings.get(section, {}).get("enabled"))


def wait(servers: dict[str, ServerProcess]) -> int:
    """Until Ctrl-C, or until a part ends by itself."""
    try:
        while True:
            for name, server in servers.items():
                if not server.running:
                    print(f"{name} has ended; its log ends:\n{server.log_end()}", file=sys.stderr)
                    return 1
            time.sleep(0.5)
    except KeyboardInterrupt:
        print("\nStopping …", file=sys.stderr)
        return 0


def demonstrate(folder: Path, ports: Ports, *, alone: bool) -> int:
    """Start everything, then either drive it or leave it to people."""
    # Asked to end at any moment, nothing of it stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    check_ports(ports)
    began = time.perf_counter()
    with ExitStack() as stack:
        installation = install(folder, ports)
        issuer = CardIssuer()
        trust_country(issuer, installation.folder)
        registry = start_registry(installation.folder, ports.registry)
        describe(
            installation.folder,
            issuer=installation.issuer,
            iam_smart=ports.iam_smart,
            company=ports.company,
            university=ports.university,
        )
        describe_service(installation.folder, port=ports.saml, issuer=installation.issuer)
        describe_town(installation, ports.town)
        servers = {"the register of persons": stack.enter_context(registry)}
        iam_smart = start_iam_smart(installation.folder, ports.iam_smart)
        servers["the simulated iAM Smart"] = stack.enter_context(iam_smart)
        servers["the identity provider"] = stack.enter_context(installation.serve())
        for name, start, port in (
            ("the SAML service", start_service_of_saml, ports.saml),
            ("the company", start_company, ports.company),
            ("the university", start_university, ports.university),
            ("the services of the town", start_town, ports.town),
        ):
            servers[name] = stack.enter_context(
                start(installation.folder, port, installation.issuer)
            )
        for client_id, url in ports.services().items():
            service = start_service(installation, client_id, url)
            servers[EXAMPLES[client_id]] = stack.enter_context(service)
        desk = stack.enter_context(counter(installation, ports, issuer))
        print(f"Started in {time.perf_counter() - began:.1f} s.", flush=True)
        if alone:
            return once(installation, ports, desk)
        stack.enter_context(attended(desk))
        link = stack.enter_context(station_link(desk.agent.browser_address, ports.counter))
        print(guide(installation, ports, link), flush=True)
        return wait(servers)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("--once", action="store_true", help="drive the journey, then stop")
    parser.add_argument("--data", type=Path, metavar="DIR", help="where everything is kept")
    parser.add_argument(
        "--ports",
        type=int,
        nargs=len(_PLACES),
        metavar=tuple(name.upper() for name in _PLACES),
        default=tuple(_PLACES.values()),
        help=f"other places than {' '.join(map(str, _PLACES.values()))}; 0 takes a free one",
    )
    parser.add_argument("--free-ports", action="store_true", help="whatever places are free")
    arguments = parser.parse_args()
    numbers = [0] * len(_PLACES) if arguments.free_ports else arguments.ports
    ports = Ports(*(number or free_port() for number in numbers))
    try:
        if arguments.once and arguments.data is None:
            with tempfile.TemporaryDirectory(prefix="hkeid-demo-") as folder:
                return demonstrate(Path(folder), ports, alone=True)
        folder = (arguments.data or ROOT / "demo-data").resolve()
        return demonstrate(folder, ports, alone=arguments.once)
    except (PortTaken, DidNotStart, CommandFailed) as error:
        print(f"scripts/demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nscripts/demo: stopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
