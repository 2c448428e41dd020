"""A declaration is signed in a real Chromium, from the service's button to the file that comes back."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from playwright.sync_api import expect
from pyhanko.pdf_utils.reader import PdfFileReader

from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid_server.config import load_config
from hkeid_server.sandbox import standins
from hkeid_server.wiring import build_house, close_store


def upgrade(places: Any, persona: str) -> None:
    """As if a station had read the chip."""
    house = build_house(load_config(places.config))
    known = next(one.resident.id for one in standins(house) if one.persona.key == persona)
    with house.store.transaction() as tx:
        resident = tx.residents.get(known)
        new = replace(resident, state=EidState.UPGRADED, proofed=Acr.EID_PLUS)
        assert tx.residents.change(resident, new)
    close_store(house.store)


def begin(phone: Any, places: Any) -> str:
    """A suggestion, its declaration, and the page with the code; gives the code."""
    page = phone.page
    page.goto(places.observatory)
    page.click("#log-in, #start")
    while not page.url.startswith(places.observatory):
        page.click("#use-passkey, #agree, #continue-account")
        page.wait_for_load_state()
    page.goto(f"{places.observatory}/suggestion")
    page.check("#topic-rain")
    page.fill("#message", "Say when the rain will stop.")
    page.click("#send")
    page.click("#declare")
    page.click("#sign-with-eid")
    return str(page.inner_text("#sign-code"))


def test_a_declaration_is_signed_on_a_phone(
    phone: Any, person: str, places: Any, activate: Callable[[Any, str], None], artefacts: Path
) -> None:
    activate(phone, person)
    upgrade(places, person)
    page = phone.page
    code = begin(phone, places)
    page.click("#go-sign")
    page.locator("#use-passkey, #make-certificate").first.wait_for()
    if page.locator("#use-passkey").is_visible():
        expect(page.locator("#what-happens")).to_contain_text("asks for your signature")
        page.click("#use-passkey")
    expect(page.locator("#signing-certificate")).to_be_visible()
    page.click("#make-certificate")
    expect(page.locator("#code")).to_have_text(code)
    picture = page.locator("#page-1-1 img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 1200
    page.screenshot(path=artefacts / "signing-sign.png", full_page=True)
    page.click("#sign-now")
    expect(page.locator("#sign-end")).to_have_attribute("data-kind", "signed")
    page.click("#back-to-service")
    expect(page.locator("#signed")).to_be_visible()
    with page.expect_download() as download:
        page.click("#declaration-file")
    pdf = Path(download.value.path()).read_bytes()
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
    assert signature.field_name == "declarant"
    page.goto(f"{places.issuer}/account")
    expect(page.locator("#signed-1")).to_contain_text("Declaration")


def test_who_refuses_comes_back_without_a_signature(
    phone: Any, person: str, places: Any, activate: Callable[[Any, str], None]
) -> None:
    activate(phone, person)
    upgrade(places, person)
    page = phone.page
    begin(phone, places)
    page.click("#go-sign")
    # Some test persons have an eID+ from the start: their login is good enough already.
    page.locator("#use-passkey, #make-certificate").first.wait_for()
    if page.locator("#use-passkey").is_visible():
        page.click("#use-passkey")
    page.click("#make-certificate")
    page.click("#code-differs")
    expect(page.locator("#sign-end")).to_have_attribute("data-kind", "refused")
    page.click("#back-to-service")
    expect(page.locator("main")).to_contain_text("You did not sign")
