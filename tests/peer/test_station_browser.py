"""A real Chromium at the counter and another as the resident's phone, each with its own authenticator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from hkeid.testing.card_issuer import HKIC, card_access_number_of, issue_card
from hkeid.testing.personas import PERSONAS
from hkeid.testing.station_door import StationDoor
from hkeid.testing.virtual_card.reader import ReaderInProcess

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PATIENCE = 30_000


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    path = os.environ.get("HKEID_TEST_CHROMIUM", "/usr/bin/chromium")
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def place(make_place) -> Any:
    return make_place("127.0.0.1")


@pytest.fixture(scope="module")
def door(place) -> Iterator[StationDoor]:
    with StationDoor(
        place.made.issuer,
        client_ca=place.client_ca,
        secret=place.secret,
        folder=place.folder / "door",
    ) as door:
        yield door


def opened(chromium: Browser, *, wide: bool, transport: str) -> Page:
    size = {"width": 1280, "height": 900} if wide else {"width": 390, "height": 844}
    page = chromium.new_context(locale="en-GB", viewport=size).new_page()
    page.set_default_timeout(PATIENCE)
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": transport,
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.complaints = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
    return page


def keep(page: Page, name: str) -> None:
    folder = Path(os.environ.get("HKEID_ARTEFACTS", ROOT / "artefacts")) / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(folder / f"station-{name}.png"))


@pytest.fixture
def counter(chromium, place, door) -> Any:
    """The counter's program and its browser, the test officer signed on."""
    agent = place.agent(door.url, door.authority, "counter")
    page = opened(chromium, wide=True, transport="usb")
    page.goto(agent.browser_address())
    page.click("#officer-link")
    page.click("#sign-on")
    expect(page.locator("#number-form")).to_be_visible()
    return agent, page


def read(agent: Any, place: Any, key: str) -> None:
    person = PERSONAS[key].person
    card = issue_card(person, issuer=place.issuer, features=HKIC)
    assert agent.once(ReaderInProcess(card))["step"] == "face"


def test_a_phone_and_a_counter_make_an_eid_plus(chromium, place, counter) -> None:
    agent, desk = counter
    phone = opened(chromium, wide=False, transport="internal")
    phone.goto(f"{place.made.issuer}/sandbox")
    phone.click("#ticket-chan-tai-man")
    phone.click("#use-ticket")
    expect(phone.locator("#code")).not_to_have_value("")
    phone.click("#continue")
    phone.click("#create-passkey")
    phone.wait_for_url("**/activate/done")
    phone.goto(f"{place.made.issuer}/account")
    phone.click("#upgrade-link")
    phone.click("#begin")
    number = phone.locator("#number").inner_text()
    expect(phone.locator("#countdown")).to_contain_text(":")
    keep(phone, "phone-number")
    desk.fill("#number", number)
    desk.click("#go")
    desk.fill("#digits", card_access_number_of(PERSONAS["chan-tai-man"].person))
    desk.click("#go")
    expect(desk.locator(".waiting")).to_be_visible()
    keep(desk, "counter-card")
    expect(phone.locator('[data-step="station"]')).to_be_visible()
    read(agent, place, "chan-tai-man")
    # The page looks again by itself.
    expect(desk.locator("#portrait")).to_be_visible()
    assert desk.locator("#portrait").evaluate("one => one.naturalWidth") > 0
    keep(desk, "counter-compare")
    desk.click("#same-yes")
    expect(desk.locator("#confirm-here")).to_be_visible()
    phone.click("#use-passkey")
    expect(phone.locator('[data-step="done"]')).to_be_visible()
    expect(desk.locator("#upgraded")).to_be_visible()
    keep(desk, "counter-done")
    keep(phone, "phone-done")
    assert desk.locator("#receipt").inner_text() == phone.locator("#receipt").inner_text()
    assert desk.complaints == []
    assert phone.complaints == []


def test_a_person_without_a_phone_takes_a_security_key_home(place, counter) -> None:
    agent, desk = counter
    desk.click("#begin-card")
    desk.fill("#digits", card_access_number_of(PERSONAS["kwok-lai-king"].person))
    desk.click("#go")
    expect(desk.locator(".waiting")).to_be_visible()
    read(agent, place, "kwok-lai-king")
    desk.click("#same-yes")
    keep(desk, "counter-key")
    desk.click("#create-passkey")
    desk.click("#use-passkey")
    expect(desk.locator("#upgraded")).to_be_visible()
    expect(desk.locator("#print")).to_be_visible()
    keep(desk, "counter-receipt")
    desk.click("#finish")
    # Nothing is left on the screen, and nobody is logged in here.
    expect(desk.locator("#number-form")).to_be_visible()
    desk.goto(f"{place.made.issuer}/account")
    expect(desk.locator("#passkey-form")).to_be_attached()
    assert desk.complaints == []
