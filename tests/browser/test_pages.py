"""Every page in every state: accessible, fitting, in three languages.

Pictures of all of them are taken where ``HKEID_ARTEFACTS`` names a folder for them: they take longer than what is checked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from hkeid_server.gallery import SAMPLES

LANGUAGES = ("en", "zh-Hant-HK", "zh-Hans")
SMALL = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 844}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}
KEEPS_PICTURES = "HKEID_ARTEFACTS" in os.environ
# Pages whose pictures are kept; the others differ from these by one notice.
PICTURED = (
    *(name for name in SAMPLES if not name.startswith(("login-", "problem-"))),
    "login-elsewhere",
    "login-expired",
    "problem-internal",
    "problem-service",
)


def _page(browser: Browser, **options: Any) -> Iterator[Page]:
    context = browser.new_context(**{"viewport": SMALL, **options})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def light(chromium: Browser) -> Iterator[Page]:
    yield from _page(chromium)


@pytest.fixture(scope="module")
def dark(chromium: Browser) -> Iterator[Page]:
    yield from _page(chromium, color_scheme="dark")


def _open(page: Page, places: Any, name: str, language: str) -> None:
    page.set_viewport_size(SMALL)
    answer = page.goto(f"{places.issuer}/sandbox/pages/{name}?lang={language}")
    assert answer is not None
    assert answer.status == 200


def _unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")


def _violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


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


def _width(page: Page) -> int:
    page.set_viewport_size(NARROW)
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_page_is_accessible_and_fits(
    light: Page, places: Any, name: str, language: str, artefacts: Path
) -> None:
    _open(light, places, name, language)
    if KEEPS_PICTURES and name in PICTURED:
        light.screenshot(path=artefacts / f"{name}.{language}.390.png", full_page=True)
        light.set_viewport_size(WIDE)
        light.screenshot(path=artefacts / f"{name}.{language}.1280.png", full_page=True)
        light.set_viewport_size(SMALL)
    _unfold(light)
    assert _violations(light) == []
    if not name.startswith("console-"):  # dense, for a desk (WCAG 2.2 §2.5.8 holds by axe)
        assert _too_small(light) == []
    # 1280 px at 400 % are 320 px (WCAG 2.2 §1.4.10).
    assert _width(light) <= 320


@pytest.mark.parametrize("name", PICTURED)
def test_page_in_the_dark(dark: Page, places: Any, name: str, artefacts: Path) -> None:
    _open(dark, places, name, "en")
    if KEEPS_PICTURES:
        dark.screenshot(path=artefacts / f"{name}.en.390.dark.png", full_page=True)
    _unfold(dark)
    assert _violations(dark) == []


@pytest.mark.parametrize("name", PICTURED)
def test_page_has_room_for_longer_words(light: Page, places: Any, name: str) -> None:
    """The pseudo-locale is half as long again as English."""
    _open(light, places, name, "en-XA")
    _unfold(light)
    assert _width(light) <= 320


def test_keyboard_alone_reaches_the_big_button(light: Page, places: Any) -> None:
    light.goto(f"{places.issuer}/login?lang=en")
    light.keyboard.press("Tab")
    expect(light.locator(".skip")).to_be_focused()
    expect(light.locator(".skip")).to_be_in_viewport()
    light.keyboard.press("Enter")
    expect(light.locator("#main")).to_be_focused()
    light.keyboard.press("Tab")
    expect(light.locator("#use-passkey")).to_be_focused()
    outline = light.locator("#use-passkey").evaluate("one => getComputedStyle(one).outlineWidth")
    assert outline == "3px"


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
