"""The life of an eID in a real Chromium: a new phone, a lost phone, an address for notices.

The server runs in this process with the fakes that ship, so that a card and a face are texts in files;
everything else is what residents meet.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Page, expect

from hkeid.ports.faces import LivenessEvidence
from hkeid.testing.fakes_proofing import fake_card, fake_face
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.virtual_applicant import VirtualApplicant
from hkeid.testing.virtual_resident import VirtualResident
from hkeid_server.config import read_config
from hkeid_server.house import House
from hkeid_server.journal import Journal
from hkeid_server.pages import registration
from hkeid_server.sandbox import issue_ticket, seed_sandbox
from hkeid_server.wiring import build_house, surroundings
from hkeid_server.wiring.notices import make_dispatcher
from hkeid_server.wsgi import serve_house

CHAN = "chan-tai-man"
# The camera is a file that a person cannot hold in front of a browser: the page's own script would
# take pictures, the fake wants texts. So the form is sent with what the fake understands.
SELFIE = """async (face) => {
  const form = document.querySelector('#selfie-form');
  const csrf = document.querySelector('[name=csrf]').value;
  const headers = {'Content-Type': 'application/x-www-form-urlencoded'};
  const asked = await fetch('/register/selfie/challenge', {
    method: 'POST', headers, body: new URLSearchParams({csrf}),
  });
  const {nonce} = await asked.json();
  const sent = new FormData();
  sent.set('csrf', csrf);
  sent.set('nonce', nonce);
  sent.set('times', '[500]');
  sent.append('frames', new Blob([face]), 'a.jpg');
  await fetch(form.action, {method: 'POST', body: sent});
  location.assign('/register/step');
}"""


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@dataclass(frozen=True)
class Place:
    house: House
    issuer: str

    def letters(self, about: str) -> list[Any]:
        house = self.house
        make_dispatcher(
            house.config, house.notices, house.store, house.clock, house.journal
        ).round()
        assert house.notices.inbox is not None
        return [one for one in house.notices.inbox.letters() if one.about == about]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    real = registration.selfie_frames

    def evidence(**limits: int) -> LivenessEvidence:
        return replace(real(**limits), capture={"verdict": "live"})

    folder = tmp_path_factory.mktemp("life")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registration, "selfie_frames", evidence)
        server: Any = make_server("127.0.0.1", 0, lambda *_: [], Threads, Quiet)
        issuer = f"http://localhost:{server.server_port}"
        content = {
            "profile": "sandbox",
            "issuer": issuer,
            "store": {"url": "memory"},
            "vault": {"url": "memory"},
            "registry": {"url": "personas"},
            "documents": {"reader": "fake"},
            "faces": {"matcher": "fake"},
            "liveness": {"check": "fake"},
        }
        config, (clock, _) = read_config(content, {}, folder), surroundings()
        journal = Journal(clock, sink=StringIO(), level="info")
        house = build_house(config, keys=MemoryKeyStore(), journal=journal)
        seed_sandbox(house)
        server.set_app(serve_house(house))
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield Place(house, issuer)
        server.shutdown()
        server.server_close()


def picture(page: Page, artefacts: Path, name: str) -> None:
    for width, height in ((1280, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=artefacts / f"life-{name}.{width}.png", full_page=True)


def activate(phone: Any, place: Place, key: str) -> None:
    page = phone.page
    page.goto(f"{place.issuer}/activate")
    page.fill("#code", issue_ticket(place.house, key).reveal())
    page.click("#continue")
    page.click("#create-passkey")
    page.wait_for_url("**/activate/done")


def test_new_phone_with_the_old_one_at_hand(
    new_phone: Callable[..., Any], place: Place, artefacts: Path
) -> None:
    old, new = new_phone(), new_phone()
    activate(old, place, CHAN)
    old.page.goto(f"{place.issuer}/account")
    old.page.click("#add-phone")
    expect(old.page.locator("#never-tell")).to_be_visible()
    old.page.check("#old-retire")
    picture(old.page, artefacts, "new-phone-ask")
    old.page.click("#show-code")
    code = old.page.inner_text("#new-phone-code")
    expect(old.page.locator("[data-left]")).to_have_text(re.compile(r"^(10:00|9:5\d)$"))
    expect(old.page.locator(".qr-frame svg")).to_be_visible()
    picture(old.page, artefacts, "new-phone-code")

    page = new.page
    page.goto(old.page.inner_text("#new-phone-address"))
    page.fill("#code", code.lower())
    page.click("#continue")
    expect(page.locator("#initials")).to_have_text("C., T. M.")
    picture(page, artefacts, "new-phone-passkey")
    page.click("#create-passkey")
    page.wait_for_url("**/account?done=new-phone")
    expect(page.locator("#done")).to_be_visible()
    expect(page.locator(".device")).to_have_count(1)

    old.page.click("#back")
    expect(old.page.locator("#use-passkey")).to_be_visible()
    old.page.click("#use-passkey")
    expect(old.page.locator("#problem")).to_have_attribute("data-problem", "unknown")
    assert place.letters("device_added")
    assert place.letters("device_revoked")


def test_virtual_residents_move_and_begin_to_recover(place: Place) -> None:
    """What demonstrations drive, by the same pages."""
    old, new = VirtualResident(place.issuer), VirtualResident(place.issuer)
    old.activate(issue_ticket(place.house, "sample-jane").reveal())
    page = old.move_to(new, keep_old=False)
    assert page.count("card device") == 1
    assert "use-passkey" in old.browser.get(f"{place.issuer}/account").attributes
    page = VirtualApplicant(place.issuer, "ho-sau-lan", recovering=True).begin()
    assert page.texts["page-title"] == "Photograph your identity card"


def test_the_countdown_ends_on_the_page(phone: Any, place: Place) -> None:
    page = phone.page
    page.clock.install()
    page.goto(f"{place.issuer}/sandbox/pages/new-phone-code?lang=en")
    # The clock may jump only after the page began to count.
    expect(page.locator("[data-left]")).to_have_text(re.compile(r"^(10:00|9:5\d)$"))
    page.clock.fast_forward("10:01")
    expect(page.locator("#code-over")).to_be_focused()
    expect(page.locator("#new-phone-code")).to_be_hidden()


def test_lost_phone(
    new_phone: Callable[..., Any], place: Place, artefacts: Path, tmp_path: Path
) -> None:
    lost, found = new_phone(), new_phone()
    key = "chiu-luk"
    activate(lost, place, key)
    page = found.page
    page.goto(f"{place.issuer}/login")
    page.click("#lost-phone")
    picture(page, artefacts, "lost")
    page.click("#recover")
    page.check("#consent")
    page.click("#begin")
    card = tmp_path / "card.jpg"
    card.write_bytes(fake_card(key))
    page.locator("#image").set_input_files(card)
    page.evaluate("document.querySelector('#card-form').submit()")
    page.click("#details-right")
    expect(page.locator("#selfie-form")).to_be_visible()
    page.evaluate(SELFIE, fake_face(key).decode())
    page.click("#create-passkey")
    expect(page.locator("#then-stops")).to_be_visible()
    page.click("#use-passkey")
    expect(page.locator("#recovered")).to_be_visible()
    expect(page.locator("#cooling")).to_contain_text("Basic logins only until")
    picture(page, artefacts, "recovered")
    page.goto(f"{place.issuer}/account")
    expect(page.locator("#cooling")).to_be_visible()
    picture(page, artefacts, "account-cooling")

    lost.page.goto(f"{place.issuer}/account")
    lost.page.click("#use-passkey")
    expect(lost.page.locator("#problem")).to_have_attribute("data-problem", "unknown")
    stop = str(place.letters("eid_recovered")[0].link)
    lost.page.goto(stop)
    picture(lost.page, artefacts, "stop")
    lost.page.click("#stop-now")
    expect(lost.page.locator("[data-stop=stopped]")).to_be_visible()
    page.reload()
    expect(page.locator("#use-passkey")).to_be_visible()


def test_an_address_for_notices(phone: Any, place: Place, artefacts: Path) -> None:
    activate(phone, place, "chan-siu-mei")
    page = phone.page
    page.goto(f"{place.issuer}/account")
    page.click("#go-notices")
    expect(page.locator("#nobody")).to_be_visible()
    page.fill("#email", "luk@mail.example.hk")
    page.click("#send-code")
    code = re.match(r"\d{6}", place.letters("email_code")[0].body)
    assert code
    picture(page, artefacts, "email-code")
    page.fill("#code", f"{(int(code[0]) + 1) % 1_000_000:06}")
    page.click("#continue")
    expect(page.locator("#error-summary")).to_be_focused()
    page.fill("#code", code[0])
    page.click("#continue")
    expect(page.locator("#email-now")).to_have_text("luk@mail.example.hk")
    picture(page, artefacts, "notices")
    page.check("[name=language][value=en]")
    page.click("#keep-language")
    expect(page.locator("#done")).to_be_visible()
    page.click("#remove-email")
    expect(page.locator("#email-now")).to_have_count(0)
    page.goto(f"{place.issuer}/sandbox/inbox")
    expect(page.locator(".letter").first).to_be_visible()
