"""Stations over real connections: mutual TLS ends in a stand-in for nginx, cards are virtual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.card_issuer import HKIC, card_access_number_of, issue_card
from hkeid.testing.personas import PERSONAS
from hkeid.testing.station_door import StationDoor
from hkeid.testing.virtual_card.reader import ReaderInProcess
from hkeid.testing.virtual_resident import VirtualResident
from hkeid.testing.virtual_station import VirtualStation

PROXY = "127.0.0.1"


@pytest.fixture(scope="module")
def place(make_place) -> Any:
    return make_place(PROXY)


@pytest.fixture(scope="module")
def door(place) -> Iterator[StationDoor]:
    with StationDoor(
        place.made.issuer,
        client_ca=place.client_ca,
        secret=place.secret,
        folder=place.folder / "door",
    ) as door:
        yield door


@pytest.fixture
def counter(place, door) -> VirtualStation:
    agent = place.agent(door.url, door.authority, "counter")
    station = VirtualStation(agent, ReaderInProcess(None))
    station.open()
    station.sign_on()
    return station


def insert(station: VirtualStation, place: Any, key: str) -> str:
    """Put a persona's card into the reader; its six digits."""
    person = PERSONAS[key].person
    station._reader.card = issue_card(person, issuer=place.issuer, features=HKIC)
    return card_access_number_of(person)


def test_a_resident_with_a_phone_gets_an_eid_plus(place, counter) -> None:
    resident = VirtualResident(place.made.issuer)
    resident.activate(resident.ticket("chan-tai-man"))
    can = insert(counter, place, "chan-tai-man")
    page = counter.upgrade(resident, can=can)
    assert page.texts["receipt"] == counter.page.texts["receipt"]


def test_a_person_without_a_phone_gets_one_at_the_counter(place, counter) -> None:
    key = SoftwareAuthenticator()
    can = insert(counter, place, "kwok-lai-king")
    page = counter.register_and_upgrade(key, can=can)
    assert len(page.texts["receipt"]) == 14
    again = VirtualResident(place.made.issuer, authenticator=key)
    home = again.ceremony(again.browser.get(f"{again.issuer}/login"))
    assert "sign-out" in home.attributes
    assert "upgrade-link" not in home.attributes


def test_somebody_elses_card_is_refused_with_a_way_out(place, counter) -> None:
    resident = VirtualResident(place.made.issuer)
    resident.activate(resident.ticket())
    other = "ho-sau-lan" if resident.persona != "ho-sau-lan" else "kwok-lai-king"
    can = insert(counter, place, other)
    number = counter.number_of(resident)
    page = counter.browser.submit(
        counter.browser.get(f"{counter.origin}/kiosk").form("number-form"), {"number": number}
    )
    page = counter.browser.submit(page.form("digits-form"), {"digits": can})
    said = counter._agent.once(counter._reader)
    assert (said["step"], said["reason"]) == ("refused", "chip_other_person")
    page = counter.browser.get(page.url)
    assert page.attributes["ended"]["data-problem"] == "other-person"
    assert "counter" not in page.texts["instruction"].lower()


def test_wrong_digits_are_asked_again(place, counter) -> None:
    resident = VirtualResident(place.made.issuer)
    resident.activate(resident.ticket())
    can = insert(counter, place, resident.persona)
    wrong = f"{(int(can) + 1) % 1_000_000:06d}"
    number = counter.number_of(resident)
    page = counter.browser.submit(
        counter.browser.get(f"{counter.origin}/kiosk").form("number-form"), {"number": number}
    )
    page = counter.browser.submit(page.form("digits-form"), {"digits": wrong})
    counter._agent.once(counter._reader)
    page = counter.browser.get(page.url)
    assert page.attributes["problem"]["data-problem"] == "digits"
    page = counter.browser.submit(page.form("digits-form"), {"digits": can})
    assert counter._agent.once(counter._reader)["step"] == "face"


def test_a_kiosk_that_cannot_compare_faces_sends_people_to_a_counter(place, door) -> None:
    kiosk = VirtualStation(place.agent(door.url, door.authority), ReaderInProcess(None))
    kiosk.open()
    resident = VirtualResident(place.made.issuer)
    resident.activate(resident.ticket())
    can = insert(kiosk, place, resident.persona)
    page = kiosk.browser.submit(
        kiosk.browser.get(f"{kiosk.origin}/kiosk").form("number-form"),
        {"number": kiosk.number_of(resident)},
    )
    kiosk.page = page
    kiosk.read_card(can)
    assert "counter" in kiosk.page.texts["instruction"]
    page = kiosk.browser.submit(kiosk.page.form("leave-for-counter"))
    page.form("number-form")
    home = resident.browser.get(f"{resident.issuer}/account/upgrade")
    assert home.attributes["upgrade"]["data-step"] == "ended"


def test_a_ticket_opens_one_browser_once(place, door) -> None:
    agent = place.agent(door.url, door.authority)
    address = agent.browser_address()
    first = VirtualStation(agent, ReaderInProcess(None))
    first.page = first.browser.get(address)
    assert first.page.status == 200
    second = VirtualStation(agent, ReaderInProcess(None))
    assert second.browser.get(address).status == 403
    assert second.browser.get(f"{place.made.issuer}/kiosk").status == 403


def test_a_certificate_is_renewed_and_the_old_one_is_worth_nothing(place, door) -> None:
    agent = place.agent(door.url, door.authority)
    assert agent.renew_if_due() is False
    kept = agent._folder
    old = kept.certificate_file.read_bytes()
    from hkeid.adapters.station_ca import make_request

    made = agent._channel.post("/station/renew", {"csr": make_request(kept.key())})
    new = made["certificate"]
    kept.certificate_file.write_bytes(old)
    with pytest.raises(Exception, match="certificate_unknown"):
        agent.hello()
    kept.keep_certificate(new, made["chain"])
    assert agent.hello()["mode"] == "kiosk"


def test_a_mobile_team_brings_its_queue_once(place, door) -> None:
    from hkeid.adapters.system import SystemClock, SystemRandom
    from hkeid.chip import CardAccessNumber, hkic_specimen
    from hkeid_server.station_agent import Road

    agent = place.agent(door.url, door.authority, "mobile")
    road = Road(agent._folder, clock=SystemClock(), random=SystemRandom(), profile=hkic_specimen())
    road.begin(agent._channel)
    resident = VirtualResident(place.made.issuer)
    resident.activate(resident.ticket())
    person = PERSONAS[resident.persona].person
    reader = ReaderInProcess(issue_card(person, issuer=place.issuer, features=HKIC))
    access = CardAccessNumber(card_access_number_of(person))
    file = road.read(reader, access, same=True, timeout=5)
    kept = file.read_bytes()
    assert person.name.english.encode() not in kept
    (answer,) = road.upload(agent._channel)
    assert (answer["step"], answer["reason"]) == ("review", "read_offline")
    assert road.waiting() == ()
    file.write_bytes(kept)
    assert road.upload(agent._channel) == []
    home = resident.browser.get(f"{resident.issuer}/account/upgrade")
    assert home.attributes["upgrade"]["data-step"] == "review"
