"""A station in a real Chromium: its camera plays the face in the chip, a program reads a virtual card, and
officers sit down and decide in the console.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.chip import CardAccessNumber, hkic_specimen
from hkeid.testing.card_issuer import HKIC, CardIssuer, card_access_number_of, issue_card
from hkeid.testing.demo_station import trust_country
from hkeid.testing.installation import Installation
from hkeid.testing.personas import PERSONAS
from hkeid.testing.portraits import CameraFile, portrait
from hkeid.testing.processes import free_port
from hkeid.testing.station_door import StationDoor
from hkeid.testing.virtual_card.reader import ReaderInProcess
from hkeid.testing.virtual_officer import VirtualOfficer
from hkeid.testing.virtual_resident import VirtualResident
from hkeid_server.station_agent import Road, StationAgent, StationChannel, StationFolder

from .test_console import _enrol, _look
from .test_registration import (  # noqa: F401 - fixtures
    HO,
    HONEST_NAME,
    SAID,
    WORDS,
    Faces,
    camera,
    chromium,
    faces,
)

PROXY = "127.0.0.1"
SMALL, KIOSK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@dataclass
class Site:
    """A server with stations, console and real comparing of faces."""

    made: Installation
    issuer: CardIssuer
    console: str
    door: StationDoor
    folder: Path

    def agent(self, mode: str, name: str) -> StationAgent:
        """The program of a new station."""
        lines = self.made.run("stations", "add", name, "--mode", mode).splitlines()
        kept = StationFolder(self.folder / secrets.token_hex(4))
        kept.trust(self.door.authority.read_bytes())
        agent = StationAgent(
            StationChannel(self.door.url, kept),
            kept,
            clock=SystemClock(),
            random=SystemRandom(),
            profile=hkic_specimen(),
        )
        agent.enrol(lines[1].split()[1], server=self.door.url)
        return agent

    def code(self, name: str, *roles: str) -> str:
        """Enrolment code of a new officer."""
        flags = [word for role in roles for word in ("--role", role)]
        return self.made.run("officers", "add", name, *flags).split()[-1]

    def resident(self) -> tuple[VirtualResident, str]:
        """Somebody with an eID and a phone; the six digits of their card."""
        resident = VirtualResident(self.made.issuer)
        resident.activate(resident.ticket())
        return resident, card_access_number_of(PERSONAS[resident.persona].person)

    def card(self, resident: VirtualResident, face: str) -> Any:
        """Their identity card, with a face in the chip that a matcher finds."""
        person = PERSONAS[resident.persona].person
        return issue_card(person, issuer=self.issuer, portrait=portrait(face), features=HKIC)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, secret, port = tmp_path_factory.mktemp("site"), secrets.token_urlsafe(32), free_port()
    made = Installation.make(
        folder / "server",
        sandbox={"seed": True},
        admin={"enabled": True, "port": port},
        officers={"enabled": True},
        registry={"url": "personas"},
        documents={"reader": "none"},
        stations={
            "enabled": True,
            "proxies": [PROXY],
            "proxy_secret": secret,
            "authority": "stations",
        },
    )
    issuer = CardIssuer()
    trust_country(issuer, made.folder)
    with ExitStack() as stack:
        server = made.serve()
        stack.callback(server.stop)
        door = stack.enter_context(
            StationDoor(
                made.issuer,
                client_ca=made.folder / "stations" / "station-root.pem",
                secret=secret,
                folder=folder / "door",
            )
        )
        yield Site(made, issuer, f"http://localhost:{port}", door, folder)


def picture(page: Page, artefacts: Path, name: str) -> None:
    for size in (SMALL, KIOSK):
        page.set_viewport_size(size)
        page.screenshot(path=artefacts / f"{name}.{size['width']}.png", full_page=True)


def open_kiosk(page: Page, agent: StationAgent) -> None:
    """The station's program opens its browser; the ticket is in no address that stays."""
    address = agent.browser_address()
    page.goto(address)
    expect(page.locator("#number-form")).to_be_visible()
    ticket = address.partition("ticket=")[2]
    assert page.url.endswith("/kiosk")
    assert ticket not in page.content()
    assert ticket not in page.evaluate("document.referrer + location.href + history.length")


def read_card(page: Page, agent: StationAgent, reader: ReaderInProcess, can: str) -> None:
    page.fill("#digits", can)
    page.click("#go")
    expect(page.locator("h1")).to_contain_text("Lay your card on the reader")
    said = agent.once(reader)
    assert said is not None
    assert (said["step"], said["reason"]) == ("face", None)


def turn_the_head(page: Page, camera: CameraFile, faces: Faces) -> None:  # noqa: F811
    """Do what the page says, until it goes on by itself."""
    camera.show(faces.picture("frontal"))
    page.click("#open-camera")
    expect(page.locator("#begin-turns")).to_be_visible()
    page.click("#begin-turns")
    began = time.monotonic()
    while time.monotonic() - began < 60:
        try:
            word = page.evaluate(SAID)
        except PlaywrightError:
            break  # the page goes away when it has sent the frames
        if word == "sending":
            break
        camera.show(faces.picture(WORDS.get(word, "frontal")))
        page.wait_for_timeout(90)


def to_the_camera(page: Page, site: Site, agent: StationAgent, face: str) -> VirtualResident:
    """From the number to the face step."""
    resident, can = site.resident()
    phone = resident.browser.get(f"{resident.issuer}/account/upgrade")
    number = resident.browser.submit(phone.form("begin")).texts["number"]
    open_kiosk(page, agent)
    page.fill("#number", number)
    page.click("#go")
    read_card(page, agent, ReaderInProcess(site.card(resident, face)), can)
    expect(page.locator("#selfie-form")).to_be_visible(timeout=15_000)
    return resident


def test_a_kiosk_compares_the_face_by_its_camera(
    new_phone: Callable[..., Any],
    site: Site,
    camera: CameraFile,  # noqa: F811
    faces: Faces,  # noqa: F811
    artefacts: Path,
) -> None:
    page = new_phone(viewport=KIOSK).page
    page.add_init_script(HONEST_NAME)
    resident = to_the_camera(page, site, site.agent("kiosk", "Sha Tin library"), HO)
    picture(page, artefacts, "station-face")
    for tries in range(3):
        turn_the_head(page, camera, faces)
        expect(page.locator("#finish, #problem").first).to_be_visible(timeout=90_000)
        if page.locator("#finish").count():
            break
        assert tries < 2, page.locator("#problem").inner_text()
    expect(page.locator("h1")).to_have_text("Now confirm on your phone")
    picture(page, artefacts, "station-confirm")
    asked = resident.browser.get(f"{resident.issuer}/account/upgrade")
    assert resident.ceremony(asked).attributes["upgrade"]["data-step"] == "done"
    expect(page.locator("#upgraded")).to_be_visible(timeout=15_000)
    picture(page, artefacts, "station-done")


def test_a_kiosk_refuses_another_face_and_a_camera_without_one(
    new_phone: Callable[..., Any],
    site: Site,
    camera: CameraFile,  # noqa: F811
    faces: Faces,  # noqa: F811
) -> None:
    page = new_phone(viewport=KIOSK).page
    page.add_init_script(HONEST_NAME)
    resident = to_the_camera(page, site, site.agent("kiosk", "Tai Po library"), "kwok-lai-king")
    for _ in range(3):
        turn_the_head(page, camera, faces)
        expect(page.locator("#problem, #ended, #receipt").first).to_be_visible(timeout=90_000)
        if page.locator("#receipt").count():
            break
        page.goto(page.url)
    assert page.locator("#upgraded").count() == 0
    home = resident.browser.get(f"{resident.issuer}/account/upgrade")
    assert home.attributes["upgrade"]["data-step"] in {"ended", "review"}


def test_a_camera_that_does_not_work_leads_elsewhere(
    new_phone: Callable[..., Any], site: Site
) -> None:
    page = new_phone(viewport=KIOSK).page
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('no', 'NotFoundError'); };"
    )
    to_the_camera(page, site, site.agent("kiosk", "Fanling library"), HO)
    page.click("#open-camera")
    expect(page.locator("[data-camera-state=absent]")).to_contain_text("another station")
    page.click("#stop")
    expect(page.locator("#number-form")).to_be_visible()


def test_officers_sit_down_and_decide_in_the_console(
    new_phone: Callable[..., Any], site: Site, artefacts: Path
) -> None:
    site.agent("counter", "Sha Tin post office 1")
    site.agent("kiosk", "Sha Tin post office 2")
    agent = site.agent("mobile", "Lantau team")
    page = new_phone(viewport=KIOSK).page
    page.goto(f"{site.console}/console/enrol?lang=en")
    page.fill("#code", site.code("LEI, Hou", "station_officer"))
    page.click("#continue")
    page.click("#create-passkey")
    page.wait_for_url("**/console/stations")  # the first page that this role may see
    row = page.locator("tr[data-name='Lantau team']")
    expect(row).to_have_attribute("data-seat", "free")
    row.get_by_role("button", name="Take the seat").click()
    expect(page.locator("#done")).to_contain_text("You sit there now")
    expect(row).to_have_attribute("data-seat", "mine")
    _look(page, "stations-seated", artefacts)

    resident, can = site.resident()
    road = Road(agent._folder, clock=SystemClock(), random=SystemRandom(), profile=hkic_specimen())
    road.begin(agent._channel)
    reader = ReaderInProcess(site.card(resident, HO))
    road.read(reader, CardAccessNumber(can), same=True, timeout=5)
    (answer,) = road.upload(agent._channel)
    assert answer["step"] == "review"

    page = new_phone(viewport=KIOSK).page
    _enrol(page, site.console, site.code("KWAN, Chi", "registration_officer"))
    page.goto(f"{site.console}/console/queue?lang=en")
    page.get_by_role("link", name=answer["receipt"]).click()
    page.select_option("#take-reason", "review_of_upgrade")
    page.click("#take")
    page.wait_for_selector("#vote-form")
    shown = page.locator(".picture-portrait img")
    assert shown.evaluate("one => one.naturalWidth > 0")
    expect(page.locator("#where")).to_contain_text("Lantau team")
    expect(page.locator("#compared")).to_contain_text("The team said")
    _look(page, "upgrade-taken", artefacts)
    page.check("#accept")
    page.select_option("#why", "same_person")
    page.select_option("#vote-reason", "review_of_upgrade")
    page.click("#vote")
    expect(page.locator("#done")).to_be_visible()
    if "Decided" not in page.locator("#done").inner_text():
        second = VirtualOfficer(site.console)
        second.enrol(site.code("CHU, Ying", "registration_officer"))
        assert second.decide_upgrade(answer["receipt"], accept=True) == "decided"
    asked = resident.browser.get(f"{resident.issuer}/account/upgrade")
    assert resident.ceremony(asked).attributes["upgrade"]["data-step"] == "done"
