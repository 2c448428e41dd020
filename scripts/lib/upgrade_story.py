"""Two ways to an eID+ at a counter, each step remembered as it was acknowledged.

With a phone: number, chip, officer's eye, passkey on the phone. Without one: card alone, officer's eye,
security key made and used at the station's browser. Whoever was interrupted goes on from where the
server says that they are.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from hkeid.enrolment.upgrade import Upgrade, UpgradeStep
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.hkic_number import HkicNumber, check_character_of
from hkeid.identity.names import PersonName
from hkeid.identity.person import Person, Sex
from hkeid.kernel.errors import Refused, Unavailable
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import Page
from hkeid.testing.virtual_card import VirtualCard
from hkeid.testing.virtual_resident import VirtualResident
from hkeid.testing.virtual_station import VirtualStation
from hkeid_server.house import House
from hkeid_server.station_agent import StationChannel

ORDER = [
    UpgradeStep.OFFERED,
    UpgradeStep.CHIP,
    UpgradeStep.FACE,
    UpgradeStep.BIND,
    UpgradeStep.CONFIRM,
    UpgradeStep.DONE,
]


class Lost(AssertionError):
    """Something that had been acknowledged is gone, or half of something is there."""


class RememberingChannel(StationChannel):
    """Keeps the last reading that it sent, so that it can be sent again."""

    last: dict[str, str] | None = None

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        """As the station's program does."""
        if path == "/station/evidence":
            self.last = dict(body)
        return super().post(path, body)


@dataclass(slots=True)
class Passage:
    """One person's way, and what the server acknowledged of it.

    ``upgrade_id`` and ``reached`` say how far; ``doing`` what is under way, for the report.
    """

    person: Person
    card: VirtualCard
    can: str
    key: SoftwareAuthenticator
    station: VirtualStation
    channel: RememberingChannel
    resident: VirtualResident | None = None
    upgrade_id: str | None = None
    reached: UpgradeStep = UpgradeStep.OFFERED
    doing: str = ""
    confirmation: tuple[Page, str] | None = field(default=None, repr=False)

    def live(self) -> None:
        """From the beginning to an eID+."""
        station = self.station
        station._reader.card = self.card  # noqa: SLF001
        if self.resident is None:
            self.doing = "begin with the card"
            station.page = station.browser.get(f"{station.origin}/kiosk")
            station.page = station.browser.submit(station.page.form("begin-card"))
        else:
            self.doing = "login"
            self._log_in()
            self.doing = "number"
            number = station.number_of(self.resident)
            self.doing = "claim"
            station.page = station.browser.get(f"{station.origin}/kiosk")
            form = station.page.form("number-form")
            station.page = station.browser.submit(form, {"number": number})
        station.page.form("digits-form")
        self.upgrade_id = station.page.url.rpartition("/")[2]
        self.reached = UpgradeStep.CHIP
        self.doing = "chip"
        station.read_card(self.can)
        self.reached = UpgradeStep.FACE
        self.doing = "officer"
        station.compare()
        if self.resident is None:
            self.reached = UpgradeStep.BIND
            self.doing = "security key"
            station._ceremony(self.key)  # noqa: SLF001
        self.reached = UpgradeStep.CONFIRM
        self.doing = "confirmation"
        self.confirm()
        self.reached = UpgradeStep.DONE
        self.doing = "after the upgrade"

    def confirm(self) -> None:
        """Use the passkey, on the phone or at the station."""
        if self.resident is not None:
            page = self.home()
            if page.attributes["upgrade"].get("data-step") != "done":
                page = self.resident.ceremony(page)
            if page.attributes.get("upgrade", {}).get("data-step") != "done":
                raise page.unexpected("not an eID+")
            return
        station = self.station
        station.page = station.browser.get(f"{station.origin}/kiosk/u/{self.upgrade_id}/confirm")
        if "upgraded" not in station.page.attributes:
            station._ceremony(self.key)  # noqa: SLF001
        if "upgraded" not in station.page.attributes:
            raise station.page.unexpected("not an eID+")

    def home(self) -> Page:
        """The resident's own page about the upgrade; logs in where that is asked for."""
        assert self.resident is not None
        address = f"{self.resident.issuer}/account/upgrade"
        page = self.resident.browser.get(address)
        if "upgrade" not in page.attributes:
            self._log_in()
            page = self.resident.browser.get(address)
        return page

    def go_on(self, house: House) -> None:
        """From wherever the server says it is, to an eID+; what was acknowledged must be there."""
        station = self.station
        station._reader.card = self.card  # noqa: SLF001
        now = self._found(house)
        if now is None or ORDER.index(now.step) < ORDER.index(self.reached):
            raise Lost(f"{self.reached.value} was acknowledged, it is at {now and now.step}")
        for _ in range(12):
            now = self._found(house)
            if now is None:
                raise Lost("the upgrade is gone")
            if now.step is UpgradeStep.DONE:
                self.confirm()
                return
            self._one_step(now)
        raise Lost(f"no way on at {now.step.value}")

    def again(self, house: House) -> None:
        """Bring the last reading once more, as a station does that heard no answer: one that counted
        counts no second time. (One that the server never judged counts now, for the first time.)
        """
        for _ in range(2):
            before = self._found(house)
            answer = self._bring()
            after = self._found(house)
            judged = before is None or before.step is not UpgradeStep.CHIP
            if judged and after != before:
                raise Lost(f"a reading counts twice: {before and before.step}, {answer}")

    def _bring(self) -> str:
        if self.channel.last is None:
            return "none"
        try:
            return str(self.channel.post("/station/evidence", self.channel.last)["step"])
        except Refused as refused:
            return refused.reason

    def _one_step(self, now: Upgrade) -> None:
        station = self.station
        page = station.browser.get(f"{station.origin}/kiosk/u/{now.id}")
        if now.step is UpgradeStep.OFFERED:
            number = self.home().texts["number"]
            form = station.browser.get(f"{station.origin}/kiosk").form("number-form")
            station.browser.submit(form, {"number": number})
        elif now.step is UpgradeStep.CHIP:
            if "digits-form" in page.attributes:
                station.browser.submit(page.form("digits-form"), {"digits": self.can})
            station._agent.once(station._reader)  # noqa: SLF001
        elif now.step is UpgradeStep.FACE:
            form = next(one for one in page.forms if one.names & {"same-yes", "retry"})
            station.browser.submit(form)
        elif now.step is UpgradeStep.BIND:
            # The step's page leads on to the key, or to the confirmation where the key is bound already.
            station.page = page
            if "passkey-form" not in page.attributes:
                raise page.unexpected("no key is asked for")
            if station.page.attributes["passkey-form"]["data-passkey"] == "create":
                station._ceremony(self.key)  # noqa: SLF001
        elif now.step is UpgradeStep.CONFIRM:
            self.upgrade_id = now.id
            self.confirm()
        else:
            raise Lost(f"it ended: {now.step.value}, {now.reason}")

    def _found(self, house: House) -> Upgrade | None:
        """The upgrade, by id or by whose it is; a new one where nothing was begun yet."""
        assert house.stations is not None
        upgrades = house.stations.upgrades
        if self.upgrade_id is not None:
            return upgrades.look(self.upgrade_id)
        if self.resident is not None:
            page = self.home()
            if "begin" in page.attributes:
                self.resident.browser.submit(page.form("begin"))
            with house.store.transaction() as tx:
                found = tx.upgrades.of_resident(self.resident.persona or "", limit=1)
            self.upgrade_id = found[0].id if found else None
        else:
            station = self.station
            page = station.browser.get(f"{station.origin}/kiosk")
            page = station.browser.submit(page.form("begin-card"))
            self.upgrade_id = page.url.rpartition("/")[2]
        return None if self.upgrade_id is None else upgrades.look(self.upgrade_id)

    def _log_in(self) -> None:
        assert self.resident is not None
        page = self.resident.browser.get(f"{self.resident.issuer}/login")
        if "passkey-form" in page.attributes:
            self.resident.ceremony(page)


def invented(word: str, number: int) -> Person:
    """A person who does not exist, with a name to look for."""
    hkic = f"QX{number:06}"
    return Person(
        name=PersonName(english=f"{word}, Number"),
        hkic_number=HkicNumber.parse(f"{hkic}({check_character_of(hkic)})"),
        birth_date=BirthDate.parse("1990-01-01"),
        sex=Sex.FEMALE,
    )


def with_a_phone(house: House, person: Person, phone: SoftwareAuthenticator) -> VirtualResident:
    """Activate an eID without pages; ``persona`` of the result is the internal id."""
    resident_id = house.activation.register_applicant(person)
    code = house.activation.issue_ticket(resident_id).reveal()
    start = house.activation.start(code, browser="before", network="before")
    answer = phone.create(start.options, house.config.origin)
    house.activation.finish(start.id, answer, browser="before", network="before")
    resident = VirtualResident(house.config.issuer, authenticator=phone)
    resident.persona = resident_id
    return resident


class Story:
    """Passages one after the other, in a thread, until the server is gone or all are through."""

    def __init__(self, passages: list[Passage]) -> None:
        self.passages = passages
        self.problems: list[BaseException] = []
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def ended(self, patience: float = 60.0) -> None:
        """Wait until nothing is under way any more."""
        self._thread.join(patience)
        if self._thread.is_alive():
            raise Lost("the story does not end although the server is gone")

    @property
    def begun(self) -> list[Passage]:
        """Those who had come to the station."""
        return [one for one in self.passages if one.doing]

    def _live(self) -> None:
        try:
            for passage in self.passages:
                passage.live()
        except (OSError, HTTPException, Unavailable):
            return
        except BaseException as error:
            self.problems.append(error)
