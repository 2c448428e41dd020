"""Kill a process (SIGKILL) at random moments of registrations, and look what is left.

A child process registers one person after the other, several at once, and says on its output what was
acknowledged. It is killed; a new process looks at what it left:

- whatever was acknowledged is there: the step, or the eID with its one device;
- nothing is half-bound: entry, index, credential and record of an eID are there together or not at all;
- once the sweep that every server does has run, no key to the evidence of a decided case is left, and
  no picture: the canaries planted in them are found nowhere on disk, in no table, before or after;
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
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "lib"))

from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.audit.verification import verify_store
from hkeid.enrolment import Registration, RegistrationStep
from hkeid.identity.hkic_number import check_character_of
from hkeid.kernel.errors import HkeidError
from hkeid.ports.documents import CardField
from hkeid.ports.faces import FaceBand
from hkeid.ports.registry import RegistryFinding, RegistryStatus
from hkeid.residents.records import CredentialStatus
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.databases import new_postgresql_database
from hkeid.testing.fakes_proofing import fake_card, fake_selfie
from hkeid.testing.installation import Installation
from hkeid_server.config import load_config
from hkeid_server.house import House
from hkeid_server.wiring import build_house, close_store, end_registrations, open_keys
from killable import Killable, Killed
from left_on_disk import left_by_postgresql, left_on_disk, readable_in

FULL = 125
FAKES = {
    "registry": {"url": "personas"},
    "documents": {"reader": "fake"},
    "faces": {"matcher": "fake"},
    "liveness": {"check": "fake"},
    "registration": {"network_attempts": 10_000, "network_open": 10_000},
}
ORDER = [
    RegistrationStep.CARD,
    RegistrationStep.DETAILS,
    RegistrationStep.SELFIE,
    RegistrationStep.BIND,
    RegistrationStep.CONFIRM,
    RegistrationStep.DONE,
]


class Lost(AssertionError):
    """Something that had been acknowledged is gone, or half of something is there."""


class Everybody:
    """A register in which everybody is whom they say they are."""

    def check(self, query: Any) -> RegistryFinding:
        """Yes."""
        del query
        return RegistryFinding(
            status=RegistryStatus.MATCH, face=FaceBand.MATCH, reference="TORTURE-1"
        )


def the_house(configuration: Path) -> tuple[House, Registration]:
    """A house, and registration with the register of everybody."""
    house = build_house(load_config(configuration))
    parts = replace(house.registration._parts, registry=Everybody())  # noqa: SLF001
    return house, Registration(parts)


# --- the child -------------------------------------------------------------------------------------

Say = Callable[[dict[str, Any]], None]


def register(registration: Registration, origin: str, canary: str, number: int, say: Say) -> None:
    """One person's registration, each acknowledged step said aloud, as an answer to a browser is."""
    browser = f"browser-{number}"
    digits = f"Q{number:06}"
    card = fake_card(
        "ho-sau-lan",
        changed={CardField.HKIC_NUMBER: f"{digits}({check_character_of(digits)})"},
        canary=canary,
    )
    view = registration.begin(browser=browser, network="n", language="en", statement="2026-11")
    say({"browser": browser, "step": view.step})
    view = registration.give_card(view.id, card, browser=browser)
    say({"browser": browser, "step": view.step})
    view = registration.confirm_details(view.id, {}, browser=browser)
    say({"browser": browser, "step": view.step})
    challenge = registration.start_liveness(view.id, browser=browser)
    selfie = fake_selfie(challenge, "ho-sau-lan", canary=canary)
    view = registration.give_selfie(view.id, selfie, browser=browser)
    say({"browser": browser, "step": view.step})
    phone = SoftwareAuthenticator()
    start = registration.start_binding(view.id, browser=browser)
    who = {"browser": browser, "agent": "A"}
    answer = phone.create(start.options, origin)
    view = registration.finish_binding(view.id, start.id, answer, **who)
    say({"browser": browser, "step": view.step})
    start = registration.start_confirmation(view.id, browser=browser)
    registration.finish_confirmation(view.id, start.id, phone.get(start.options, origin), **who)
    credential = phone.credentials[0].id.hex()
    say({"browser": browser, "step": RegistrationStep.DONE, "credential": credential})


def child(say: Say, configuration: Path, canary: str, first: int) -> None:
    """Register people until killed."""
    house, registration = the_house(configuration)
    origin, one_at_a_time = house.config.origin, threading.Lock()

    def acknowledge(what: dict[str, Any]) -> None:
        with one_at_a_time:
            say(what)

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(
            lambda number: register(registration, origin, canary, number, acknowledge),
            range(first, first + 10_000),
        ):
            pass


# --- the parent ------------------------------------------------------------------------------------


class Torture:
    """One store, and a process that is killed again and again."""

    def __init__(self, store: str, installation: Installation, attempts: int, seed: int) -> None:
        self.store = store
        self.installation = installation
        self.attempts = attempts
        self.chance = random.Random(seed)
        self.seed = seed
        self.canary = f"canary-{secrets.token_hex(12)}"
        self.failures: list[str] = []
        self.moments: Counter[str] = Counter()
        self.done: dict[str, str] = {}
        self.seeded: frozenset[str] = frozenset()

    def run(self) -> dict[str, object]:
        """All attempts; gives the case for the report."""
        began = time.monotonic()
        house, _ = the_house(self.installation.configuration)
        with house.store.transaction() as tx:
            self.seeded = frozenset(resident.id for resident in tx.residents)
        close_store(house.store)
        for number in range(self.attempts):
            try:
                self._attempt(number)
            except (Lost, Killed, HkeidError) as error:
                self.failures.append(f"attempt {number}: {error}")
                print(f"{self.store}: {self.failures[-1]}", file=sys.stderr)
        self._canaries(left_by_postgresql, "in PostgreSQL's files")
        each = (time.monotonic() - began) / max(1, self.attempts)
        moments = ", ".join(f"{what} {count}" for what, count in self.moments.most_common())
        return {
            "name": f"kill_registration_{self.store}",
            "attempts": self.attempts,
            "failures": len(self.failures),
            "notes": "; ".join(
                [
                    f"seed {self.seed}; {each:.1f} s each; {len(self.done)} eIDs acknowledged",
                    f"last acknowledged before a kill: {moments}",
                    *self.failures[:5],
                ]
            ),
        }

    def _attempt(self, number: int) -> None:
        said = self._killed(100_000 + number * 1000)
        steps: dict[str, RegistrationStep] = {}
        for line in said:
            steps[line["browser"]] = RegistrationStep(line["step"])
            if "credential" in line:
                self.done[line["browser"]] = line["credential"]
        if said:
            self.moments[said[-1]["step"]] += 1
        house, registration = the_house(self.installation.configuration)
        with closing(house.evidence):  # type: ignore[type-var] - the adapter's
            self._canaries(left_on_disk, "before the sweep")
            self._acknowledged(registration, steps)
            config = house.config
            end_registrations(config, house.store, house.keys, house.clock, house.journal)
            self._whole_or_not_at_all(house)
            self._no_evidence(house)
            self._canaries(left_on_disk, "after the sweep")
            self._trail(house)
        close_store(house.store)

    def _killed(self, first: int) -> list[dict[str, Any]]:
        """What a child said that was killed at some moment."""
        configuration = self.installation.configuration
        process = Killable(child, configuration, self.canary, first, folder=configuration.parent)
        heard: list[dict[str, Any]] = []
        try:
            # So many answers, and a moment more: wherever that falls, on however busy a machine.
            heard += [process.heard() for _ in range(self.chance.randrange(26))]
            time.sleep(self.chance.uniform(0, 0.2))
        finally:
            heard += process.kill()
        return heard

    def _acknowledged(self, registration: Registration, steps: dict[str, RegistrationStep]) -> None:
        for browser, step in steps.items():
            view = registration.current(browser=browser)
            if view is None or ORDER.index(view.step) < ORDER.index(step):
                raise Lost(f"{step.value} was acknowledged, it is at {view and view.step}")

    def _whole_or_not_at_all(self, house: House) -> None:
        done = _records(house, RegistrationStep.DONE)
        with house.store.transaction() as tx:
            residents = {resident.id for resident in tx.residents} - self.seeded
            bound = {record.resident_id for record in done}
            if residents != bound:
                raise Lost(f"{len(residents)} entries, {len(bound)} registrations that gave one")
            for resident_id in residents:
                held = tx.credentials.of_resident(resident_id)
                if [one.status for one in held] != [CredentialStatus.ACTIVE]:
                    raise Lost(f"an eID with {len(held)} devices")
                if not tx.sealed_fields.all(resident_id):
                    raise Lost("an eID without particulars")
            for browser, credential in self.done.items():
                if tx.credentials.get(bytes.fromhex(credential)) is None:
                    raise Lost(f"the device of {browser} was acknowledged and is gone")

    def _no_evidence(self, house: House) -> None:
        for step in RegistrationStep:
            if not step.decided:
                continue
            for record in _records(house, step):
                if record.evidence_open:
                    raise Lost(f"the evidence of a case at {step.value} was not destroyed")
                sessions = [record.id]
                if step.concluded:
                    sessions.append(f"{record.id}.particulars")
                for session in sessions:
                    if house.evidence.names(session):
                        raise Lost(f"evidence of a case at {step.value} can be read")

    def _canaries(self, places: Callable[[Path], Any], when: str) -> None:
        for place, content in places(self.installation.configuration):
            if readable_in(self.canary.encode(), content):
                raise Lost(f"a picture is readable in {place}, {when}")

    def _trail(self, house: House) -> None:
        keys = open_keys(house.config, SystemClock(), SystemRandom())
        report = verify_store(house.store, keys, now=house.clock.now())
        if not report.sound:
            raise Lost(f"the audit trail: {report.findings[:3]}")


def _records(house: House, step: RegistrationStep) -> tuple[Any, ...]:
    with house.store.transaction() as tx:
        found: tuple[Any, ...] = tx.registrations.in_step(step, limit=100_000)
    return found


def _installation(folder: Path, store: str) -> Installation:
    sections: dict[str, Any] = dict(FAKES)
    if store == "postgresql":
        sections["store"] = {"url": new_postgresql_database()}
        sections["vault"] = {"url": new_postgresql_database()}
    return Installation.make(folder / store, **sections)


def torture(store: str, folder: Path, attempts: int, seed: int) -> dict[str, object]:
    """One store's case."""
    return Torture(store, _installation(folder, store), attempts, seed).run()


def main() -> int:
    """Entry point; 0 when nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--attempts", type=int, default=FULL, help="kills on each store")
    parser.add_argument("--tenth", action="store_const", dest="attempts", const=FULL // 10)
    parser.add_argument("--stores", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hkeid-registration-") as folder:
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
