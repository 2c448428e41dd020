"""Kill the server (SIGKILL) at random moments of upgrades by chip and of registrations at the counter.

One process serves the house's real pages and the stations' real interface; stations come through
mutual TLS, cards are virtual, faces are compared by an officer. It is killed, and started anew on what
it left:

- whatever was acknowledged is there: the step, the eID+;
- nothing is half-made: an eID is upgraded if and only if there is a finished upgrade and one record of
  it in the trail; an entry is active if and only if it has its one device;
- whoever was interrupted goes on from there and gets an eID+;
- a reading counts once, before and after the restart;
- after the decision nothing of the evidence can be read, and the canaries in portrait and name are
  found nowhere on disk, at any time;
- the audit chain verifies.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "lib"))

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.serving import WSGIRequestHandler, make_server

from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.audit.verification import verify_store
from hkeid.chip import hkic_specimen
from hkeid.enrolment.upgrade import Upgrades, UpgradeStep, evidence_digest
from hkeid.enrolment.upgrade.document_text import loads
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.ports.faces import FaceBand
from hkeid.ports.registry import RegistryFinding, RegistryStatus
from hkeid.residents.records import CredentialStatus
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import UnexpectedPage
from hkeid.testing.card_issuer import HKIC, CardIssuer, card_access_number_of, issue_card
from hkeid.testing.card_issuer.issuing import drawn_portrait
from hkeid.testing.databases import new_postgresql_database
from hkeid.testing.installation import Installation
from hkeid.testing.station_door import StationDoor
from hkeid.testing.virtual_card.reader import ReaderInProcess
from hkeid.testing.virtual_station import VirtualStation
from hkeid_server.config import load_config
from hkeid_server.house import House
from hkeid_server.station_agent import StationAgent, StationFolder
from hkeid_server.wiring import build_house, close_store, end_upgrades, open_keys
from hkeid_server.wsgi import serve_house
from killable import Killable, Killed
from left_on_disk import left_by_postgresql, left_on_disk, readable_in
from upgrade_story import Lost, Passage, RememberingChannel, Story, invented, with_a_phone

FULL = 125
AT_ONCE = 2
_COMPLAINTS = (Lost, Killed, HkeidError, UnexpectedPage, OSError, KeyError, StopIteration)


class Everybody:
    """A register in which everybody is whom they say they are."""

    def check(self, query: Any) -> RegistryFinding:
        """Yes."""
        del query
        return RegistryFinding(
            status=RegistryStatus.MATCH, face=FaceBand.MATCH, reference="TORTURE-1"
        )


def the_house(configuration: Path) -> House:
    """A house, and upgrades with the register of everybody."""
    house = build_house(load_config(configuration))
    assert house.stations is not None
    parts = replace(house.stations.upgrades._parts, registry=Everybody())  # noqa: SLF001
    upgrades = Upgrades(parts, house.policy, house.broker)
    return replace(house, stations=replace(house.stations, upgrades=upgrades))


# --- the child -------------------------------------------------------------------------------------


class _Silent(WSGIRequestHandler):
    def log(self, *_words: object, **_more: object) -> None:
        """Say nothing."""


def serve(say: Callable[[Any], None], configuration: Path) -> None:
    """Serve until killed."""
    house = the_house(configuration)
    application = serve_house(house)
    server = make_server(
        "127.0.0.1", house.config.server.port, application, threaded=True, request_handler=_Silent
    )
    say("ready")
    server.serve_forever()


# --- the parent ------------------------------------------------------------------------------------


class Place:
    """One installation, its station and its cards."""

    def __init__(self, folder: Path, store: str, stack: ExitStack) -> None:
        self.word = "".join(secrets.choice("BCDFGHJKLMNPQRSTVWXZ") for _ in range(10))
        self.canary = secrets.token_bytes(24)
        self.issuer = CardIssuer()
        self.installation = _installation(folder, store)
        self.configuration = self.installation.configuration
        secret = self._write_secret()
        self.door = stack.enter_context(
            StationDoor(
                self.installation.issuer,
                client_ca=folder / "stations" / "station-root.pem",
                secret=secret,
                folder=folder,
            )
        )
        self.people = 0

    def _write_secret(self) -> str:
        signers = self.installation.folder / "country-signers"
        signers.mkdir()
        root = x509.load_der_x509_certificate(self.issuer.root.der)
        (signers / "csca.pem").write_bytes(root.public_bytes(Encoding.PEM))
        return load_config(self.configuration).stations.proxy_secret.reveal()

    def station(self) -> tuple[VirtualStation, RememberingChannel]:
        """An enrolled counter with an officer; the server runs."""
        added = self.installation.run("stations", "add", "Torture", "--mode", "counter")
        code = added.splitlines()[1].split()[1]
        kept = StationFolder(self.installation.folder / "station")
        kept.trust(self.door.authority.read_bytes())
        channel = RememberingChannel(self.door.url, kept)
        agent = StationAgent(
            channel, kept, clock=SystemClock(), random=SystemRandom(), profile=hkic_specimen()
        )
        agent.enrol(code, server=self.door.url)
        station = VirtualStation(agent, ReaderInProcess(None))
        station.open()
        station.sign_on()
        return station, channel

    def passages(
        self, house: House, station: VirtualStation, channel: RememberingChannel, first: int
    ) -> list[Passage]:
        """New people with their cards, every other one with a phone."""
        made = []
        for number in range(first, first + AT_ONCE):
            self.people += 1
            person, key = invented(self.word, 100_000 + self.people), SoftwareAuthenticator()
            phone = with_a_phone(house, person, key) if number % 2 else None
            made.append(
                Passage(
                    person=person,
                    card=issue_card(
                        person, issuer=self.issuer, features=HKIC, portrait=self._portrait()
                    ),
                    can=card_access_number_of(person),
                    key=key,
                    station=station,
                    channel=channel,
                    resident=phone,
                )
            )
        return made

    def _portrait(self) -> bytes:
        """A valid JPEG with the canary in a comment."""
        image = drawn_portrait()
        length = (len(self.canary) + 2).to_bytes(2, "big")
        return image[:2] + b"\xff\xfe" + length + self.canary + image[2:]


class Torture:
    """One store: a server that is killed again and again."""

    def __init__(self, store: str, place: Place, attempts: int, seed: int) -> None:
        self.store = store
        self.place = place
        self.attempts = attempts
        self.chance = random.Random(seed)
        self.seed = seed
        self.failures: list[str] = []
        self.moments: Counter[str] = Counter()
        self.upgraded = 0

    def run(self) -> dict[str, object]:
        """All attempts; gives the case for the report."""
        began = time.monotonic()
        self.server = self._serve()
        self.station, self.channel = self.place.station()
        try:
            self.seconds = self._undisturbed()
            for number in range(self.attempts):
                try:
                    self._attempt(number)
                except _COMPLAINTS as error:
                    words = f"attempt {number}: {type(error).__name__} {error}"
                    self.failures.append(words)
                    print(f"{self.store}: {self.failures[-1]}", file=sys.stderr)
                    self.server.kill()
                    self.server = self._serve()
        finally:
            self.server.kill()
        self._canaries(left_by_postgresql, "in PostgreSQL's files")
        each = (time.monotonic() - began) / max(1, self.attempts)
        moments = ", ".join(f"{what} {count}" for what, count in self.moments.most_common())
        said = f"seed {self.seed}; {each:.1f} s each; {self.upgraded} upgraded"
        return {
            "name": f"kill_upgrade_{self.store}",
            "attempts": self.attempts,
            "failures": len(self.failures),
            "notes": "; ".join([said, f"killed during: {moments}", *self.failures[:5]]),
        }

    def _serve(self) -> Killable:
        configuration = self.place.configuration
        server = Killable(serve, configuration, folder=configuration.parent)
        server.heard()
        return server

    def _undisturbed(self) -> float:
        """Seconds for the people of one attempt: that is where the kills fall."""
        house = the_house(self.place.configuration)
        passages = self.place.passages(house, self.station, self.channel, 0)
        began = time.monotonic()
        story = Story(passages)
        story.ended(300)
        seconds = time.monotonic() - began
        close_store(house.store)
        if story.problems or passages[-1].reached is not UpgradeStep.DONE:
            raise Lost(f"the journey fails undisturbed: {story.problems}")
        return seconds

    def _attempt(self, number: int) -> None:
        house = the_house(self.place.configuration)
        passages = self.place.passages(house, self.station, self.channel, number)
        story = Story(passages)
        time.sleep(self.chance.uniform(0, self.seconds))
        self.server.kill()
        story.ended()
        if story.problems:
            raise story.problems[0]
        begun = story.begun
        self.moments[begun[-1].doing if begun else "login"] += 1
        self._canaries(left_on_disk, "before the sweep")
        self._whole_or_not_at_all(house)
        self.server = self._serve()
        for passage in begun[-1:]:
            passage.again(house)
            self._replayable(house, passage)
            passage.go_on(house)
            passage.again(house)
        self.upgraded += len(begun)
        end_upgrades(house.config, house.store, house.keys, house.clock)
        self._whole_or_not_at_all(house)
        self._no_evidence(house)
        self._canaries(left_on_disk, "after the sweep")
        self._trail(house)
        close_store(house.store)

    # --- what must hold ----------------------------------------------------------------------------

    def _whole_or_not_at_all(self, house: House) -> None:
        now = house.clock.now()
        with house.store.transaction() as tx:
            done = tx.upgrades.in_step(UpgradeStep.DONE, limit=100_000)
            said = tx.audit_records.between(
                now - timedelta(days=1), now, name="enrolment:eid:upgraded", limit=100_000
            )
            states = {one.id: one.state for one in tx.residents}
            devices = {
                one: [held.status for held in tx.credentials.of_resident(one)] for one in states
            }
        upgraded = sorted(one for one, state in states.items() if state is EidState.UPGRADED)
        recorded = sorted(json.loads(record.body)["resident_id"] for record in said)
        if not upgraded == sorted(one.resident_id for one in done) == recorded:
            raise Lost(
                f"{len(upgraded)} eID+, {len(done)} finished upgrades, {len(recorded)} records"
            )
        for one, state in states.items():
            bound = state in {EidState.ACTIVE, EidState.UPGRADED}
            if devices[one] != ([CredentialStatus.ACTIVE] if bound else []):
                raise Lost(f"an entry that is {state.value} with {len(devices[one])} devices")

    def _replayable(self, house: House, passage: Passage) -> None:
        """A reading is used up if and only if the upgrade went on by it."""
        if passage.channel.last is None or passage.upgrade_id != passage.channel.last["upgrade"]:
            return
        digest = evidence_digest(loads(passage.channel.last["document"].encode()))
        with house.store.transaction() as tx:
            used = tx.single_use.look("chip_evidence", digest) is not None
            found = tx.upgrades.get(passage.upgrade_id)
        if used != (found is not None and found.evidence == digest):
            raise Lost("a reading is used up and did not count, or the other way round")

    def _no_evidence(self, house: House) -> None:
        for step in UpgradeStep:
            if not step.over:
                continue
            with house.store.transaction() as tx:
                ended = tx.upgrades.in_step(step, limit=100_000)
            for one in ended[-2 * AT_ONCE :]:
                if house.evidence.names(one.id):
                    raise Lost(f"evidence of an upgrade that is {step.value} can be read")

    def _canaries(self, places: Callable[[Path], Any], when: str) -> None:
        for place, content in places(self.place.configuration):
            if readable_in(self.place.canary, content):
                raise Lost(f"a portrait is readable in {place}, {when}")
            if readable_in(self.place.word.encode(), content):
                raise Lost(f"a name is readable in {place}, {when}")

    def _trail(self, house: House) -> None:
        keys = open_keys(house.config, SystemClock(), SystemRandom())
        report = verify_store(house.store, keys, now=house.clock.now())
        if not report.sound:
            raise Lost(f"the audit trail: {report.findings[:3]}")


def _installation(folder: Path, store: str) -> Installation:
    sections: dict[str, Any] = {
        "sandbox": {"seed": False},
        "log": {"level": "debug", "file": "hkeid.log"},
        "stations": {
            "enabled": True,
            "proxies": ["127.0.0.1"],
            "proxy_secret": secrets.token_urlsafe(32),
            "authority": "stations",
        },
        "registry": {"url": "personas"},
        "faces": {"matcher": "none"},
        "liveness": {"check": "none"},
        "documents": {"reader": "none"},
    }
    if store == "postgresql":
        sections["store"] = {"url": new_postgresql_database()}
        sections["vault"] = {"url": new_postgresql_database()}
    return Installation.make(folder, **sections)


def torture(store: str, folder: Path, attempts: int, seed: int) -> dict[str, object]:
    """One store's case."""
    with ExitStack() as stack:
        return Torture(store, Place(folder / store, store, stack), attempts, seed).run()


def main() -> int:
    """Entry point; 0 when nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--attempts", type=int, default=FULL, help="kills on each store")
    parser.add_argument("--tenth", action="store_const", dest="attempts", const=FULL // 10)
    parser.add_argument("--stores", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hkeid-upgrade-") as folder:
        cases = [
            torture(store, Path(folder), arguments.attempts, arguments.seed)
            for store in arguments.stores
        ]
    if arguments.json:
        arguments.json.write_text(json.dumps({"cases": cases}, indent=2) + "\n")
    for case in cases:
        print("{name}: {attempts} attempts, {failures} failures ({notes})".format(**case))
    return 1 if any(case["failures"] for case in cases) else 0


if __name__ == "__main__":
    sys.exit(main())
