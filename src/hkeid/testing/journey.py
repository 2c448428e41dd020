"""The whole journey of a resident over HTTP: what ``scripts/demo --once`` drives and prints.

An eID is activated on a phone; the resident logs in at one service, is known at a second one by
single sign-on, looks at their account, adds a second device, logs out everywhere (the second service is
told by the provider), and comes back with the second device. Every step looks at the page that it gets; the first that is not as it should be
ends the journey with its name.

``python -m hkeid.testing.journey --issuer http://localhost:8000 …`` runs it against servers that are
up already.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TextIO

from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import Page
from hkeid.testing.personas import PERSONAS
from hkeid.testing.virtual_resident import VirtualResident

_TOLD_WITHIN = 10.0
"""Seconds after a logout within which the other services know of it."""


class StepFailed(AssertionError):
    """A step of the journey did not go as it should; ``step`` is its name."""

    def __init__(self, step: str, why: BaseException) -> None:
        self.step = step
        super().__init__(f"{step}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: its name in words, and what to do; what that returns is printed after the name."""

    name: str
    do: Callable[[], str]


class Journey:
    """A persona's way through a provider and two services.

    :param first: base URL of the service where the resident logs in.
    :param second: base URL of the service that knows the resident by single sign-on.
    :param persona: key of the persona, who must not be active yet; the first such one if None.
    """

    def __init__(self, *, issuer: str, first: str, second: str, persona: str | None = None) -> None:
        self.issuer, self.first, self.second = (url.rstrip("/") for url in (issuer, first, second))
        self.persona = persona
        self.resident = VirtualResident(issuer)
        self.tablet = SoftwareAuthenticator(synced=True)
        self._code = ""

    def steps(self) -> tuple[Step, ...]:
        """The steps, in order."""
        return (
            Step(name="the provider says what it can do", do=self._discover),
            Step(name="an activation ticket for a test person", do=self._ticket),
            Step(name="activate the eID with a passkey", do=self._activate),
            Step(name="log out, to begin as a newcomer", do=self._sign_out),
            Step(name="log in at the first service with the passkey, agree", do=self._log_in),
            Step(name="single sign-on at the second service", do=self._sign_on),
            Step(name="the account page shows device and services", do=self._account),
            Step(name="add a second device", do=self._second_device),
            Step(name="log out at the first service, and so everywhere", do=self._log_out),
            Step(name="eID told the second service, whose session ended", do=self._told),
            Step(name="the second service asks for a login again", do=self._logged_out),
            Step(name="log in with the second device", do=self._come_back),
        )

    def _discover(self) -> str:
        found = self.resident.browser.get(f"{self.issuer}/.well-known/openid-configuration").json()
        _expect(found["issuer"] == self.issuer, f"the issuer is {found['issuer']}")
        return f"issuer {found['issuer']}"

    def _ticket(self) -> str:
        self._code = self.resident.ticket(self.persona)
        return f"for {self._name()}"

    def _activate(self) -> str:
        self.resident.activate(self._code)
        return "the device signed, the eID is active"

    def _sign_out(self) -> str:
        page = self.resident.browser.get(f"{self.issuer}/account")
        self.resident.browser.submit(page.form("sign-out"))
        page = self.resident.browser.get(f"{self.issuer}/account")
        _expect("passkey-form" in page.attributes, "the account page is still open", page)
        return "the account asks for the passkey"

    def _log_in(self) -> str:
        page = self._visit(self.first)
        self._expect_greeted(page, self.first)
        _expect(self.resident.seen[:1] == ["login"], f"pages were {self.resident.seen}", page)
        _expect("consent" in self.resident.seen, f"pages were {self.resident.seen}", page)
        self._expect_named(self.first)
        return f"{' and '.join(self.resident.seen)}; greeted as {self._name()}"

    def _sign_on(self) -> str:
        page = self._visit(self.second)
        self._expect_greeted(page, self.second)
        _expect("login" not in self.resident.seen, "a passkey was asked for", page)
        self._expect_named(self.second)
        return f"no passkey, only {', '.join(self.resident.seen) or 'nothing'}"

    def _account(self) -> str:
        page = self.resident.browser.get(f"{self.issuer}/account")
        devices, services = page.count("card device"), page.count("card service")
        _expect(devices == 1, f"{devices} devices", page)
        _expect(services >= 2, f"{services} services received something", page)
        return f"{devices} device, {services} services"

    def _second_device(self) -> str:
        page = self.resident.browser.get(f"{self.issuer}/account/devices/add")
        if page.attributes.get("passkey-form", {}).get("data-passkey") == "get":
            page = self.resident.ceremony(page)
        page = self.resident.ceremony(page, self.tablet)
        devices = page.count("card device")
        _expect(devices == 2, f"{devices} devices", page)
        return f"{devices} devices"

    def _log_out(self) -> str:
        self.resident.browser.get(f"{self.second}/").form("/eid/logout")  # logged in there too
        page = self.resident.browser.get(f"{self.first}/")
        page = self.resident.browser.submit(page.form("/eid/logout"))
        page = self.resident.go_through(page)
        _expect(page.url.startswith(self.first), "did not come back to the service", page)
        page = self.resident.browser.get(f"{self.issuer}/account")
        _expect("passkey-form" in page.attributes, "still logged in at the provider", page)
        return "the provider's session ended"

    def _told(self) -> str:
        """Back-channel logout: the service hears of it from the provider, not from this browser."""
        began = time.perf_counter()
        while True:
            page = self.resident.browser.get(f"{self.second}/")
            if not any("/eid/logout" in form.names for form in page.forms):
                return f"after {(time.perf_counter() - began) * 1000:.0f} ms"
            late = time.perf_counter() - began > _TOLD_WITHIN
            _expect(not late, "the second service still greets the resident", page)
            time.sleep(0.05)

    def _logged_out(self) -> str:
        page = self.resident.browser.get(f"{self.second}/eid/login")
        _expect("passkey-form" in page.attributes, "logged in without a passkey", page)
        return "single sign-on is over"

    def _come_back(self) -> str:
        page = self._visit(self.first, self.tablet)
        self._expect_greeted(page, self.first)
        _expect(self.resident.seen == ["login"], f"pages were {self.resident.seen}", page)
        return "greeted; nothing was asked twice"

    def _visit(self, service: str, authenticator: SoftwareAuthenticator | None = None) -> Page:
        page = self.resident.browser.get(f"{service}/eid/login")
        return self.resident.go_through(page, authenticator=authenticator)

    def _name(self) -> str:
        return PERSONAS[self.resident.persona].person.name.english

    def _expect_named(self, service: str) -> None:
        page = self.resident.browser.get(f"{service}/account")
        _expect(self._name() in page.text, "the service does not know the name", page)

    def _expect_greeted(self, page: Page, service: str) -> None:
        _expect(page.url.startswith(service + "/"), f"not at {service}", page)
        _expect(page.status == 200, f"status {page.status}", page)
        page.form("/eid/logout")


def _expect(fine: bool, otherwise: str, page: Page | None = None) -> None:  # noqa: FBT001 - an assertion
    if not fine:
        raise page.unexpected(otherwise) if page is not None else AssertionError(otherwise)


def run(steps: Iterable[Step], out: TextIO) -> float:
    """Do the steps, print each with its time; gives the seconds they took together.

    :raises StepFailed: the first step that did not go as it should.
    """
    began = time.perf_counter()
    for number, step in enumerate(steps, 1):
        start = time.perf_counter()
        try:
            said = step.do()
        except Exception as error:
            raise StepFailed(step.name, error) from error
        took = (time.perf_counter() - start) * 1000
        print(f"{number:3}. {step.name:<58} {took:7.0f} ms   {said}", file=out, flush=True)
    return time.perf_counter() - began


def main() -> int:
    """Command line; 0 when the journey ended well, 1 with the failed step's name otherwise."""
    parser = argparse.ArgumentParser(prog="hkeid.testing.journey", description=__doc__)
    parser.add_argument("--issuer", default="http://localhost:8000")
    parser.add_argument("--first", default="http://localhost:5001")
    parser.add_argument("--second", default="http://localhost:5002")
    parser.add_argument("--persona", help="key of a test person; without it the first free one")
    journey = Journey(**vars(parser.parse_args()))
    try:
        run(journey.steps(), sys.stdout)
    except StepFailed as failed:
        sys.stderr.write(f"FAILED at: {failed}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
