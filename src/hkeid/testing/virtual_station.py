"""A station without a room: its browser's pages driven by their forms, its program asked to read cards.

::

    station = VirtualStation(agent, reader)             # agent: hkeid_server.station_agent.StationAgent
    station.open()
    station.upgrade(resident, can="123456")             # a VirtualResident with a phone
    station.register_and_upgrade(key, can="123456")     # a person without one, at a counter
    station.recover(another_key, can="123456")          # who lost it later
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from hkeid.ports.cards import CardReader
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import Browser, Page
from hkeid.testing.virtual_officer import VirtualOfficer
from hkeid.testing.virtual_resident import VirtualResident


class Agent(Protocol):
    """What is asked of the station's program."""

    def browser_address(self) -> str:
        """Where the station's browser is to be opened."""
        ...

    def once(self, reader: CardReader, *, timeout: float = 5.0) -> dict[str, Any] | None:
        """Read a card, if one is wanted."""
        ...


class VirtualStation:
    """One station.

    :param reader: the station's card reader; put the card in before a journey.
    :ivar page: what its screen shows.
    """

    def __init__(self, agent: Agent, reader: CardReader, *, browser: Browser | None = None) -> None:
        self._agent = agent
        self._reader = reader
        self.browser = browser or Browser()
        self.origin = ""
        self.page: Page

    def open(self) -> Page:
        """Open the station's browser; ends on the page that waits for people."""
        self.page = self.browser.get(self._agent.browser_address())
        parts = urlsplit(self.page.url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.page.form("number-form")
        return self.page

    def sign_on(self, officer: VirtualOfficer | None = None) -> Page:
        """An officer takes their seat: in the console where one is given, else the sandbox's test
        officer by the button. Ends on the page that waits for people.
        """
        if officer is not None:
            officer.take_seat(self.name)
        else:
            self.page = self.browser.get(f"{self.origin}/kiosk/officer")
            self.browser.submit(self.page.form("sign-on"))
        self.page = self.browser.get(f"{self.origin}/kiosk")
        if "no-officer" in self.page.attributes:
            raise self.page.unexpected("nobody sits here")
        return self.page

    @property
    def name(self) -> str:
        """The station's name, as its pages say it."""
        return self.page.texts["station-name"]

    def upgrade(self, resident: VirtualResident, *, can: str) -> Page:
        """A resident with a phone: number, chip, officer, passkey on the phone. Ends on the resident's
        page that says eID+.
        """
        number = self.number_of(resident)
        self.page = self.browser.get(f"{self.origin}/kiosk")
        self.page = self.browser.submit(self.page.form("number-form"), {"number": number})
        self.read_card(can)
        self.compare()
        page = resident.browser.get(f"{resident.issuer}/account/upgrade")
        page = resident.ceremony(page)
        if page.attributes.get("upgrade", {}).get("data-step") != "done":
            raise page.unexpected("not an eID+")
        self.page = self.browser.get(self.page.url)
        if "upgraded" not in self.page.attributes:
            raise self.page.unexpected("the station does not show that it is done")
        return page

    def register_and_upgrade(self, key: SoftwareAuthenticator, *, can: str) -> Page:
        """A person without a phone, an officer signed on: card alone, face, security key, done."""
        self.page = self.browser.get(f"{self.origin}/kiosk")
        self.page = self.browser.submit(self.page.form("begin-card"))
        self.read_card(can)
        self.compare()
        self._ceremony(key)
        self._ceremony(key)
        if "upgraded" not in self.page.attributes:
            raise self.page.unexpected("not an eID+")
        return self.page

    def recover(
        self, key: SoftwareAuthenticator, *, can: str, second: Callable[[str], None] | None = None
    ) -> Page:
        """A person who lost every passkey, an officer signed on: card alone, face, new key, done.

        :param second: where two officers have to agree: lets the other one decide the case of a
            reference number.
        """
        self.page = self.browser.get(f"{self.origin}/kiosk")
        self.page = self.browser.submit(self.page.form("begin-recovery"))
        self.read_card(can)
        self.compare()
        if "second-officer" in self.page.attributes and second is not None:
            second(self.page.texts["receipt"])
            self.page = self.browser.get(self.page.url)
        self._ceremony(key)
        if "recovered" not in self.page.attributes:
            raise self.page.unexpected("not recovered")
        return self.page

    def number_of(self, resident: VirtualResident) -> str:
        """The number on the resident's own page."""
        page = resident.browser.get(f"{resident.issuer}/account/upgrade")
        if "begin" in page.attributes:
            page = resident.browser.submit(page.form("begin"))
        if "number" not in page.texts:
            raise page.unexpected("no number")
        return page.texts["number"]

    def read_card(self, can: str) -> Mapping[str, Any]:
        """Type the six digits and let the program read the card; what the server made of it."""
        self.page = self.browser.submit(self.page.form("digits-form"), {"digits": can})
        said = self._agent.once(self._reader)
        self.page = self.browser.get(self.page.url)
        if said is None:
            raise self.page.unexpected("the program was not asked to read")
        if said["reason"] is not None:
            raise self.page.unexpected(f"{said['step']}: {said['reason']}")
        return said

    def compare(self, *, same: bool = True) -> Page:
        """The officer looks at the chip's portrait and says whether it is the same person."""
        portrait = self.page.attributes.get("portrait", {}).get("src")
        if portrait is None:
            raise self.page.unexpected("no portrait to compare with")
        if not self.browser.get(f"{self.origin}{portrait}").body:
            raise self.page.unexpected("the portrait does not load")
        self.page = self.browser.submit(self.page.form("same-yes" if same else "same-no"))
        return self.page

    def _ceremony(self, key: SoftwareAuthenticator) -> None:
        form = self.page.form("passkey-form")
        at = self.page.attributes["passkey-form"]
        options: dict[str, Any] = json.loads(at["data-options"])
        ask = key.get if at["data-passkey"] == "get" else key.create
        answer = ask(options.get("publicKey", options), self.origin)
        self.page = self.browser.submit(form, {"response": json.dumps(answer)})
