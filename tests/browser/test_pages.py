"""Every page in every state: by every rule, without a mouse, without eyes, with larger text, fitting, in three languages.

Pictures of all of them are taken where ``HKEID_ARTEFACTS`` names a folder for them: they take longer than what is checked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from tests.browser.access import (
    DESK,
    PHONE,
    Reader,
    dark_faults,
    keyboard_faults,
    reading,
    reading_faults,
    rule_faults,
    zoom_faults,
)

from hkeid_server.gallery import SAMPLES

LANGUAGES = ("en", "zh-Hant-HK", "zh-Hans")
NARROW: ViewportSize = {"width": 320, "height": 844}
KEEPS_PICTURES = "HKEID_ARTEFACTS" in os.environ
ON_A_DESK = ("console-", "kiosk-", "counter-")
"""Pages for screens that stand somewhere; all others are tried on a phone."""
# Pages whose pictures are kept; the others differ from these by one notice.
PICTURED = (
    *(name for name in SAMPLES if not name.startswith(("login-", "problem-"))),
    "login-elsewhere",
    "login-expired",
    "problem-internal",
    "problem-service",
)


@pytest.fixture(scope="module")
def reader(chromium: Browser) -> Iterator[Reader]:
    with reading(chromium) as found:
        yield found


@pytest.fixture
def light(reader: Reader) -> Page:
    return reader.page


def _open(page: Page, places: Any, name: str, language: str) -> None:
    page.set_viewport_size(PHONE)
    answer = page.goto(f"{places.issuer}/sandbox/pages/{name}?lang={language}")
    assert answer is not None
    assert answer.status == 200


def _by_keyboard(name: str) -> str:
    """The language in which a page is gone through by keyboard, as keys do not depend on it."""
    return LANGUAGES[crc32(name.encode()) % len(LANGUAGES)]


def _too_small(page: Page) -> list[str]:
    """Buttons and links that stand alone and are less than 44 px high or wide."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(
                "button, summary, .button, footer a, .languages a, .input, .way")]
            .filter(one => one.checkVisibility())
            .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
            .filter(([, box]) => box.height < 44 || box.width < 44)
            .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""
    )
    return found


def _pictures(page: Page, folder: Path, name: str, language: str) -> None:
    page.screenshot(path=folder / f"{name}.{language}.390.png", full_page=True)
    page.set_viewport_size(DESK)
    page.screenshot(path=folder / f"{name}.{language}.1280.png", full_page=True)
    page.set_viewport_size(PHONE)
    if language == "en":
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=folder / f"{name}.{language}.390.dark.png", full_page=True)
        page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_page_can_be_used_by_everybody(
    reader: Reader, places: Any, name: str, language: str, artefacts: Path
) -> None:
    """One visit, as opening a page takes longer than most of what is looked at."""
    size = DESK if name.startswith(ON_A_DESK) else PHONE
    reader.page.set_viewport_size(PHONE)
    reader.open(f"{places.issuer}/sandbox/pages/{name}?lang={language}")
    if KEEPS_PICTURES and name in PICTURED:
        _pictures(reader.page, artefacts, name, language)
    reader.ask("unfold()")
    faults = rule_faults(reader)
    if language == "en":
        faults += dark_faults(reader)
    if not name.startswith("console-"):  # dense, for a desk (WCAG 2.2 §2.5.8 holds by axe)
        faults += _too_small(reader.page)
    reader.page.set_viewport_size(size)
    faults += [*reading_faults(reader), *zoom_faults(reader, size)]
    if language == _by_keyboard(name):
        reader.ask("fold()")
        faults += keyboard_faults(reader)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", PICTURED)
def test_page_has_room_for_longer_words(light: Page, places: Any, name: str) -> None:
    """The pseudo-locale is half as long again as English."""
    _open(light, places, name, "en-XA")
    light.evaluate("checks.unfold()")
    light.set_viewport_size(NARROW)
    assert light.evaluate("document.documentElement.scrollWidth") <= 320


def test_pages_without_script(chromium: Browser, places: Any) -> None:
    """Where the browser interface is the point, the page says so; all else works."""
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{places.issuer}/login")
    expect(page.locator("#no-script")).to_be_visible()
    expect(page.locator("#use-passkey")).to_be_hidden()
    page.click("#languages a[lang=zh-Hans]")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    page.goto(f"{places.issuer}/activate")
    page.fill("#code", "0000-0000-0000")
    page.click("#continue")
    expect(page.locator("#error-summary")).to_be_visible()
    page.goto(places.observatory)
    page.click("#log-in")
    page.click("#decline-login")
    page.wait_for_url(f"{places.observatory}/**")
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("kiosk-start-wrong", "#go"),
        ("counter-start", "#begin-card"),
        ("kiosk-digits-wrong", "#stop"),
        ("kiosk-phone", "#cancel-ask summary"),
        ("kiosk-problem-internal", "#to-start"),
        ("counter-receipt", "#finish"),
    ],
)
def test_the_last_button_of_a_station_is_in_sight_at_800_lines(
    light: Page, places: Any, name: str, last: str, language: str
) -> None:
    _open(light, places, name, language)
    light.set_viewport_size({"width": 1280, "height": 800})
    box = light.locator(last).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 800
