"""Kill the server (SIGKILL) at random moments, and look what is left: over registrations, over upgrades
by chip and registrations at the counter, over activations and logins.

``torture_registration.py`` and ``torture_upgrade.py`` say what must hold for the first two; this file
has the third, at the real server of ``hkeid serve``. After every kill it is started anew on what the
dead one left behind. Then:

- whatever was acknowledged by a complete HTTP answer is there: an activated eID logs in, a session
  lives, a token works, a decision about data is not asked for again;
- whatever was under way is there as a whole or not at all: either the ticket still works or the
  passkey does, never neither and never both;
- what was used up stays used up: a redeemed code is refused;
- the audit chain verifies.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "lib")]

import torture_registration
import torture_upgrade
from code_flow import CLIENT, CodeFlow, Refusal
from fresh_people import applicants
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.audit.verification import verify_store
from hkeid.testing.browser import Browser, UnexpectedPage
from hkeid.testing.databases import new_postgresql_database
from hkeid.testing.installation import CommandFailed, Installation
from hkeid.testing.processes import ServerProcess
from hkeid.testing.virtual_resident import VirtualResident
from hkeid_server.config import load_config
from hkeid_server.wiring import open_keys, open_store

FULL = 200


class Lost(AssertionError):
    """Something that had been acknowledged is gone, or half of something is there."""


@dataclass(slots=True)
class Story:
    """One resident, and what the server acknowledged to them.

    ``doing`` names what is under way, for the report.
    """

    resident: VirtualResident
    flow: CodeFlow
    ticket: str
    activated: bool = False
    logged_in: Browser | None = None
    decided: bool = False
    subject: str | None = None
    redeemed: list[str] = field(default_factory=list)
    access_token: str | None = None
    refresh_token: str | None = None
    doing: str = "activation"

    def live(self) -> None:
        """Activate, then log in again and again, until the server is gone."""
        self.resident.activate(self.ticket)
        self.activated, self.logged_in = True, self.resident.browser
        while True:
            self.doing = "authorization"
            code = self.flow.authorize(self.resident, offline=not self.decided)
            self.decided = True
            self.doing = "code"
            self._keep(self.flow.redeem(code))
            self.redeemed.append(code)
            self.doing = "refresh"
            self._keep(self.flow.refresh(self.refresh_token))
            self.doing = "login"
            self.resident.browser = self.flow.browser()
            self.resident.go_through(self.flow.start(self.resident.browser))
            self.logged_in = self.resident.browser

    def _keep(self, tokens: dict[str, str]) -> None:
        subject = self.flow.subject(tokens)
        if self.subject not in (None, subject):
            raise Lost(f"sub was {self.subject}, is {subject}")
        self.subject = subject
        self.access_token = tokens["access_token"]
        self.refresh_token = tokens.get("refresh_token", self.refresh_token)

    def check(self) -> None:
        """After the restart: see that what was acknowledged is there, and nothing is half there."""
        if self.logged_in is not None:
            page = self.logged_in.get(f"{self.flow.issuer}/account")
            if page.status != 200 or "passkey-form" in page.attributes:
                raise Lost(f"a session that was given is gone (status {page.status})")
        self.resident.browser = self.flow.browser()
        if self.activated:
            self._log_in_again()
        else:
            self._whole_or_not_at_all()
        if self.subject is not None:
            self._check_tokens()

    def _log_in_again(self) -> None:
        code = self.flow.authorize(self.resident)
        if "login" not in self.resident.seen:
            raise Lost(f"logged in without a passkey: {self.resident.seen}")
        if self.decided and "consent" in self.resident.seen:
            raise Lost("a decision that was recorded is asked for again")
        subject = self.flow.subject(self.flow.redeem(code))
        if self.subject not in (None, subject):
            raise Lost(f"sub was {self.subject}, is {subject}")

    def _check_tokens(self) -> None:
        if self.flow.userinfo(self.access_token)["sub"] != self.subject:
            raise Lost("userinfo names somebody else")
        self.flow.refresh(self.refresh_token)
        for code in self.redeemed[-1:]:
            try:
                self.flow.redeem(code)
            except Refusal as refusal:
                if refusal.error != "invalid_grant":
                    raise Lost(f"a used code is answered by {refusal.error}") from None
            else:
                raise Lost("a used code works again")

    def _whole_or_not_at_all(self) -> None:
        """The activation was under way: the passkey works, or the ticket; exactly one of them."""
        by_passkey = self._works(self._log_in_again)
        self.resident.browser = self.flow.browser()
        by_ticket = self._works(lambda: self.resident.activate(self.ticket))
        if by_passkey and by_ticket:
            raise Lost("the eID is active, and its ticket can still be used")
        if not by_passkey and not by_ticket:
            raise Lost("neither the passkey nor the ticket works")
        self.activated = True

    def _works(self, way: Callable[[], object]) -> bool:
        if not self.resident.authenticator.credentials and way == self._log_in_again:
            return False
        try:
            way()
        except (UnexpectedPage, Refusal):
            return False
        return True


class Torture:
    """One store: a server that is killed again and again."""

    def __init__(self, name: str, installation: Installation, attempts: int, seed: int) -> None:
        self.name = name
        self.installation = installation
        self.attempts = attempts
        self.chance = random.Random(seed)
        self.seed = seed
        self.failures: list[str] = []
        self.moments: Counter[str] = Counter()
        self.spans: dict[str, float] = {}

    def run(self) -> dict[str, object]:
        """All attempts; gives the case for the report."""
        tickets = applicants(self.installation, self.attempts + 2)
        server = self.installation.serve()
        try:
            self._one_whole_story(tickets.pop())  # a server that is warm
            self.spans = self._one_whole_story(tickets.pop())
            for number in range(self.attempts):
                server = self._attempt(number, server, tickets.pop())
        finally:
            server.stop()
        try:
            self.installation.run("audit", "verify")
        except CommandFailed as failed:
            self.failures.append(f"at the end: {failed}")
        moments = ", ".join(f"{what} {count}" for what, count in self.moments.most_common())
        return {
            "name": self.name,
            "attempts": self.attempts,
            "failures": len(self.failures),
            "notes": "; ".join([f"seed {self.seed}; killed during: {moments}", *self.failures[:5]]),
        }

    def _story(self, ticket: str) -> Story:
        flow = CodeFlow(self.installation.issuer)
        resident = VirtualResident(self.installation.issuer, browser=flow.browser())
        return Story(resident=resident, flow=flow, ticket=ticket)

    def _one_whole_story(self, ticket: str) -> dict[str, float]:
        """Seconds until activated and until the second login, undisturbed: where the kills fall."""
        story = self._story(ticket)
        problems: list[BaseException] = []
        thread = threading.Thread(target=_until_gone, args=(story, problems), daemon=True)
        spans = {}
        began = time.perf_counter()
        thread.start()
        while len(story.redeemed) < 2 and thread.is_alive():
            if story.activated and not spans:
                spans["activation"] = time.perf_counter() - began
            time.sleep(0.001)
        spans["login"] = time.perf_counter() - began
        story.flow.stopped = True
        thread.join()
        if len(story.redeemed) < 2:
            raise Lost(f"the journey fails undisturbed, during {story.doing}: {problems}")
        return spans

    def _attempt(self, number: int, server: ServerProcess, ticket: str) -> ServerProcess:
        story = self._story(ticket)
        problems: list[BaseException] = []
        thread = threading.Thread(target=_until_gone, args=(story, problems), daemon=True)
        thread.start()
        # Every other kill falls into the activation, which is short.
        begin = 0.0 if number % 2 else self.spans["activation"]
        end = self.spans["activation" if number % 2 else "login"] * 1.5
        time.sleep(self.chance.uniform(begin, end))
        server.kill()
        thread.join(60)
        self.moments[story.doing] += 1
        server = self.installation.serve()
        try:
            if problems:
                raise problems[0]
            story.check()
            verify_trail(self.installation)
        except Exception as error:
            self.failures.append(f"attempt {number}, killed during {story.doing}: {error}")
            print(f"{self.name}: {self.failures[-1]}", file=sys.stderr)
        return server


def _until_gone(story: Story, problems: list[BaseException]) -> None:
    """Live the story until the connection breaks; anything else is a problem."""
    try:
        story.live()
    except (OSError, HTTPException):
        return
    except BaseException as error:
        problems.append(error)


def verify_trail(installation: Installation) -> None:
    """What ``hkeid audit verify`` does, without a process of its own."""
    config, clock = load_config(installation.configuration), SystemClock()
    keys = open_keys(config, clock, SystemRandom())
    store = open_store(config, keys, clock, SystemRandom())
    report = verify_store(store, keys, now=clock.now())
    store.close()
    if not report.sound:
        raise Lost(f"the audit trail: {report.findings[:3]}")


def _installation(folder: Path, store: str) -> Installation:
    sections = {}
    if store == "postgresql":
        sections["store"] = {"url": new_postgresql_database()}
        sections["vault"] = {"url": new_postgresql_database()}
    return Installation.make(folder / store, clients=[CLIENT], **sections)


def torture(store: str, folder: Path, attempts: int, seed: int) -> dict[str, object]:
    """One store's case of activations and logins."""
    return Torture(f"kill_{store}", _installation(folder, store), attempts, seed).run()


PARTS: dict[str, tuple[Callable[[str, Path, int, int], dict[str, object]], int]] = {
    "registration": (torture_registration.torture, torture_registration.FULL),
    "upgrade": (torture_upgrade.torture, torture_upgrade.FULL),
    "login": (torture, FULL),
}
"""What is killed over, and how often on each store."""


def main() -> int:
    """Entry point; 0 when nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--attempts", type=int, help="kills of each part on each store")
    parser.add_argument("--tenth", action="store_true")
    parser.add_argument("--parts", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--stores", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    arguments = parser.parse_args()
    cases: list[dict[str, object]] = []
    for part in arguments.parts:
        work, full = PARTS[part]
        attempts = arguments.attempts or (full // 10 if arguments.tenth else full)
        for store in arguments.stores:
            with tempfile.TemporaryDirectory(prefix="hkeid-kill-") as folder:
                cases.append(work(store, Path(folder), attempts, arguments.seed))
            print("{name}: {attempts} attempts, {failures} failures ({notes})".format(**cases[-1]))
            sys.stdout.flush()
            if arguments.json:  # as far as it is, should somebody lose patience
                arguments.json.write_text(json.dumps({"cases": cases}, indent=2) + "\n")
    return 1 if any(case["failures"] for case in cases) else 0


if __name__ == "__main__":
    sys.exit(main())
