"""Officers over real HTTP: the console's process beside the public one, seats and cases between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pytest

from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.chip import CardAccessNumber, hkic_specimen
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import Page, UnexpectedPage
from hkeid.testing.card_issuer import HKIC, card_access_number_of, issue_card
from hkeid.testing.personas import PERSONAS
from hkeid.testing.processes import free_port
from hkeid.testing.station_door import StationDoor
from hkeid.testing.virtual_card.reader import ReaderInProcess
from hkeid.testing.virtual_officer import VirtualOfficer
from hkeid.testing.virtual_resident import VirtualResident
from hkeid.testing.virtual_station import VirtualStation
from hkeid_server.station_agent import Road, StationAgent

PROXY = "127.0.0.1"


@dataclass
class Office:
    """A running server with stations and console.

    :ivar hire: an officer who has enrolled, with the roles named.
    """

    place: Any
    door: StationDoor
    console: str

    def hire(self, name: str, *roles: str) -> VirtualOfficer:
        flags = [word for role in roles for word in ("--role", role)]
        code = self.place.hkeid("officers", "add", name, *flags).split()[-1]
        officer = VirtualOfficer(self.console)
        officer.enrol(code)
        return officer

    def agent(self, mode: str, name: str) -> StationAgent:
        return self.place.agent(self.door.url, self.door.authority, mode, name)

    def station(self, mode: str, name: str) -> VirtualStation:
        station = VirtualStation(self.agent(mode, name), ReaderInProcess(None))
        station.open()
        return station


@pytest.fixture(scope="module")
def office(
    make_place: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    port = free_port()
    policy = tmp_path_factory.mktemp("policy") / "strict.toml"
    policy.write_text(as_in_production(), "utf-8")
    place = make_place(
        PROXY,
        admin={"enabled": True, "port": port},
        officers={"enabled": True},
        registration={"policy": str(policy)},
    )
    with StationDoor(
        place.made.issuer,
        client_ca=place.client_ca,
        secret=place.secret,
        folder=place.folder / "door",
    ) as door:
        yield Office(place, door, f"http://localhost:{port}")


def as_in_production() -> str:
    """The sandbox's proofing policy, under which no officer recovers an eID alone."""
    text = files("hkeid.enrolment.proofing_policy").joinpath("sandbox.toml").read_text("utf-8")
    head, name, grade = text.partition('name = "recovery-counter"')
    lax, strict = 'accepts.liveness = ["live", "not_assessed"]', 'accepts.liveness = ["live"]'
    assert lax in grade
    return head + name + grade.replace(lax, strict, 1)


def log_in(resident: VirtualResident) -> Page:
    """Log in to My eID with the passkey; ends there, or on the page that says no."""
    page = resident.ceremony(resident.browser.get(f"{resident.issuer}/login"))
    return resident.browser.get(f"{resident.issuer}/account") if page.status == 200 else page


def test_an_officer_takes_the_seat_and_serves(office: Office) -> None:
    officer = office.hire("LEI, Sing", "station_officer")
    counter = office.station("counter", "Tai Po post office 1")
    assert officer.stations()["Tai Po post office 1"] == "free"
    counter.sign_on(officer)
    assert officer.stations()["Tai Po post office 1"] == "mine"
    resident = VirtualResident(office.place.made.issuer)
    resident.activate(resident.ticket("chan-tai-man"))
    person = PERSONAS["chan-tai-man"].person
    counter._reader.card = issue_card(person, issuer=office.place.issuer, features=HKIC)
    page = counter.upgrade(resident, can=card_access_number_of(person))
    assert page.attributes["upgrade"]["data-step"] == "done"
    home = resident.browser.get(f"{resident.issuer}/account")
    assert "Officer at a counter" in home.text
    assert "LEI, Sing" not in home.text
    officer.leave_seat("Tai Po post office 1")
    assert officer.stations()["Tai Po post office 1"] == "free"
    assert "no-officer" in counter.browser.get(f"{counter.origin}/kiosk").attributes


def test_who_lost_the_security_key_gets_the_eid_back_at_the_counter(office: Office) -> None:
    """A person without a phone: registered, upgraded, key lost, recovered when a second officer agreed;
    the lost key opens nothing.
    """
    second = office.hire("YAU, Ming", "registration_officer")
    officer = office.hire("SHEK, Sau", "station_officer")
    counter = office.station("counter", "Tai Po post office 3")
    counter.sign_on(officer)
    person = PERSONAS["kwok-lai-king"].person
    counter._reader.card = issue_card(person, issuer=office.place.issuer, features=HKIC)
    digits = card_access_number_of(person)
    lost, new = SoftwareAuthenticator(), SoftwareAuthenticator()
    counter.register_and_upgrade(lost, can=digits)
    thief = VirtualResident(office.place.made.issuer, authenticator=lost)
    assert log_in(thief).url.endswith("/account")

    def agree(receipt: str) -> None:
        assert second.decide_upgrade(receipt, accept=True) == "decided"

    page = counter.recover(new, can=digits, second=agree)

    assert {"cooling", "basic"} <= set(page.attributes)
    owner = VirtualResident(office.place.made.issuer, authenticator=new)
    assert "Officer at a counter" in log_in(owner).text
    assert thief.browser.get(f"{thief.issuer}/account").url.endswith("/login")
    assert not log_in(thief).url.endswith("/account")


def test_who_is_suspended_sits_nowhere_at_the_next_request(office: Office) -> None:
    officer = office.hire("CHI, Hau", "station_officer")
    counter = office.station("counter", "Tai Po post office 2")
    counter.sign_on(officer)
    office.place.hkeid("officers", "suspend", "CHI, Hau")
    assert "no-officer" in counter.browser.get(f"{counter.origin}/kiosk").attributes


def test_seats_that_are_not_to_be_had(office: Office) -> None:
    officer = office.hire("CHEUNG, Chi", "station_officer")
    office.station("kiosk", "Tai Po library")
    with pytest.raises(UnexpectedPage):
        officer.take_seat("Tai Po library")
    with pytest.raises(UnexpectedPage, match="no station"):
        officer.take_seat("nowhere")
    operator = office.hire("TSO, Yee", "operator")
    assert operator.stations()["Tai Po library"] == "free"
    with pytest.raises(UnexpectedPage):
        operator.take_seat("Tai Po library")


def test_an_upgrade_read_on_the_road_is_decided_in_the_console(office: Office) -> None:
    team = office.hire("HUNG, Lo", "station_officer")
    agent = office.agent("mobile", "Mobile team 4")
    team.take_seat("Mobile team 4")
    road = Road(agent._folder, clock=SystemClock(), random=SystemRandom(), profile=hkic_specimen())
    road.begin(agent._channel)
    resident = VirtualResident(office.place.made.issuer)
    resident.activate(resident.ticket())
    person = PERSONAS[resident.persona].person
    reader = ReaderInProcess(issue_card(person, issuer=office.place.issuer, features=HKIC))
    road.read(reader, CardAccessNumber(card_access_number_of(person)), same=True, timeout=5)
    (answer,) = road.upload(agent._channel)
    receipt = answer["receipt"]
    assert answer["step"] == "review"

    with pytest.raises(UnexpectedPage):
        team.decide_upgrade(receipt, accept=True)  # who served does not decide
    officer = office.hire("FUNG, Tin", "registration_officer")
    assert receipt in officer.queue()
    said = officer.decide_upgrade(receipt, accept=True)
    if said == "second-needed":
        said = office.hire("SHUI, Sum", "registration_officer").decide_upgrade(receipt, accept=True)
    assert said == "decided"

    page = resident.browser.get(f"{resident.issuer}/account/upgrade")
    assert page.attributes["upgrade"]["data-step"] == "confirm"
    page = resident.ceremony(page)
    assert page.attributes["upgrade"]["data-step"] == "done"
    assert page.texts["receipt"] == receipt
