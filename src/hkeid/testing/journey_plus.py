"""From a person without an eID to an eID+, twice: on a phone and a kiosk's card reader, and at a counter.

The second half of what ``scripts/demo --once`` drives. A card is photographed, a head turns, a passkey is
bound; a station reads the chip and an officer looks; a service gets the higher rung. Then a person
without a phone does all of it at the counter with a security key.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import Page
from hkeid.testing.journey import Step
from hkeid.testing.personas import PERSONAS
from hkeid.testing.virtual_applicant import VirtualApplicant
from hkeid.testing.virtual_resident import VirtualResident
from hkeid.testing.virtual_station import VirtualStation

_PLUS = "urn:hkeid:acr:eid-plus"

Insert = Callable[[str], AbstractContextManager[str]]
"""Puts a persona's card into the station's reader; gives the digits printed on it."""


class JourneyPlus:
    """Two personas' ways to an eID+.

    :param service: base URL of a relying party.
    :param station: an enrolled counter's station.
    :param insert: puts a persona's card into its reader.
    :param applicant: key of the persona with a phone; ``visitor`` of the one without.
    """

    def __init__(
        self,
        *,
        issuer: str,
        service: str,
        station: VirtualStation,
        insert: Insert,
        applicant: str = "ho-sau-lan",
        visitor: str = "kwok-lai-king",
    ) -> None:
        self.issuer, self.service = issuer.rstrip("/"), service.rstrip("/")
        self.station = station
        self.insert = insert
        self.applicant = VirtualApplicant(issuer, applicant)
        self.visitor = visitor
        self.security_key = SoftwareAuthenticator()
        self.key_holder = VirtualResident(issuer, authenticator=self.security_key)

    def steps(self) -> tuple[Step, ...]:
        """The steps, in order."""
        return (
            Step(name="register on a phone: agree to statement and comparison", do=self._begin),
            Step(name="photograph the identity card; it is read", do=self._photograph),
            Step(name="leave, come back, confirm what was read", do=self._confirm),
            Step(name="turn the head; faces and register are compared", do=self._turn),
            Step(name="bind the phone: make a passkey, use it", do=self._bind),
            Step(name="log in at the service", do=self._log_in),
            Step(name="a service that wants eID+ is not satisfied yet", do=self._too_low),
            Step(name="a station opens, an officer takes their seat", do=self._open),
            Step(name="upgrade: the chip is read, the passkey confirms", do=self._upgrade),
            Step(name="log in with eID+", do=self._log_in_higher),
            Step(name="at the counter without a phone: chip, officer, key", do=self._counter),
            Step(name="log in with the security key and eID+", do=self._log_in_with_key),
        )

    # --- with a phone ----------------------------------------------------------------------------

    def _begin(self) -> str:
        self.applicant.begin()
        return f"{_name(self.applicant.persona)}, who has no eID"

    def _photograph(self) -> str:
        page = self.applicant.photograph_card()
        name = PERSONAS[self.applicant.persona].person.name
        if name.english not in page.text:
            raise page.unexpected("the name was not read")
        return f"read: {name.english} {name.chinese or ''}"

    def _confirm(self) -> str:
        self.applicant.here("details-form")
        self.applicant.confirm_details()
        return "it went on where it had been left"

    def _turn(self) -> str:
        self.applicant.turn_head()
        return "decided: a device may be bound"

    def _bind(self) -> str:
        self.applicant.make_passkey()
        page = self.applicant.use_passkey()
        return f"the eID is active; receipt {page.texts['case-number']}"

    def _log_in(self) -> str:
        resident = self.applicant.resident
        page = resident.go_through(resident.browser.get(f"{self.service}/eid/login"))
        self._expect_greeted(page)
        return "greeted"

    def _too_low(self) -> str:
        """The service asks for a rung that nobody has proved: it is told so, not given less."""
        page = self._ask_for_plus(self.applicant.resident)
        if page.url.startswith(self.service) and "/eid/logout" in {
            name for form in page.forms for name in form.names
        }:
            raise page.unexpected("eID+ without a chip")
        return "no login below what was asked for"

    def _upgrade(self) -> str:
        with self.insert(self.applicant.persona) as digits:
            page = self.station.upgrade(self.applicant.resident, can=digits)
        return f"eID+; receipt {page.texts['receipt']}"

    def _log_in_higher(self) -> str:
        self._expect_greeted(self._ask_for_plus(self.applicant.resident))
        return "the service has eID+"

    # --- without one -----------------------------------------------------------------------------

    def _open(self) -> str:
        self.station.open()
        self.station.sign_on()
        return "over mutual TLS, with the station's certificate"

    def _counter(self) -> str:
        with self.insert(self.visitor) as digits:
            page = self.station.register_and_upgrade(self.security_key, can=digits)
        return f"{_name(self.visitor)}, eID+ on a security key; receipt {page.texts['receipt']}"

    def _log_in_with_key(self) -> str:
        self._expect_greeted(self._ask_for_plus(self.key_holder))
        return "greeted; any computer will do"

    def _ask_for_plus(self, resident: VirtualResident) -> Page:
        """Log in at the service, which wants eID+ and a fresh look."""
        page = resident.browser.get(f"{self.service}/")
        if any("/eid/logout" in form.names for form in page.forms):
            resident.go_through(resident.browser.submit(page.form("/eid/logout")))
        page = resident.browser.get(f"{self.service}/eid/login?acr={_PLUS}")
        try:
            return resident.go_through(page)
        except AssertionError:
            return resident.browser.get(f"{self.service}/")

    def _expect_greeted(self, page: Page) -> None:
        if not page.url.startswith(self.service + "/") or page.status != 200:
            raise page.unexpected("not at the service")
        page.form("/eid/logout")


def _name(persona: str) -> str:
    return PERSONAS[persona].person.name.english
