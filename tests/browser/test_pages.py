"""Every page in every state: accessible, fitting, in three languages; pictures are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from hkeid_server.gallery import SAMPLES

LANGUAGES = ("en", "zh-Hant-HK", "zh-Hans")
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}
# Pages whose pictures are kept; the others differ from these by one notice.
PICTURED = (
    *(name for name in SAMPLES if not name.startswith(("login-", "problem-"))),
    "login-expired",
    "problem-internal",
    "problem-service",
)


def _page(browser: Browser, width: int, **options: Any) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": 844 if width < 600 else 900}, **options
    )
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def small(chromium: Browser) -> Iterator[Page]:
    yield from _page(chromium, 390)


@pytest.fixture(scope="module")
def wide(chromium: Browser) -> Iterator[Page]:
    yield from _page(chromium, 1280)


@pytest.fixture(scope="module")
def narrow(chromium: Browser) -> Iterator[Page]:
    yield from _page(chromium, 320)


@pytest.fixture(scope="module")
def dark(chromium: Browser) -> Iterator[Page]:
    yield from _page(chromium, 390, color_scheme="dark")


def _open(page: Page, places: Any, name: str, language: str) -> None:
    answer = page.goto(f"{places.issuer}/sandbox/pages/{name}?lang={language}")
    assert answer is not None
    assert answer.status == 200
    for details in page.query_selector_all("details"):
        details.evaluate("one => { one.open = true }")


def _violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(small: Page, places: Any, name: str, language: str) -> None:
    _open(small, places, name, language)
    assert _violations(small) == []


@pytest.mark.parametrize("name", PICTURED)
def test_axe_finds_nothing_in_the_dark(dark: Page, places: Any, name: str) -> None:
    _open(dark, places, name, "en")
    assert _violations(dark) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_fits_at_400_percent(narrow: Page, places: Any, name: str) -> None:
    """1280 px at 400 % are 320 px (WCAG 2.2 §1.4.10), with the longest sentences there are."""
    for language in (*LANGUAGES, "en-XA"):
        _open(narrow, places, name, language)
        assert narrow.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", SAMPLES)
def test_targets_are_large_enough(small: Page, places: Any, name: str) -> None:
    """Buttons and links that stand alone are at least 44 px high and wide."""
    _open(small, places, name, "en")
    too_small = small.evaluate(
        """() => [...document.querySelectorAll(
                "button, summary, .button, footer a, .languages a, .input, .way")]
            .filter(one => one.checkVisibility())
            .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
            .filter(([, box]) => box.height < 44 || box.width < 44)
            .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""
    )
    assert too_small == []


@pytest.mark.parametrize("name", PICTURED)
def test_pictures(
    small: Page, wide: Page, dark: Page, places: Any, name: str, artefacts: Path
) -> None:
    for language in LANGUAGES:
        for page, width in ((small, 390), (wide, 1280)):
            page.goto(f"{places.issuer}/sandbox/pages/{name}?lang={language}")
            page.screenshot(path=artefacts / f"{name}.{language}.{width}.png", full_page=True)
    dark.goto(f"{places.issuer}/sandbox/pages/{name}?lang=en")
    dark.screenshot(path=artefacts / f"{name}.en.390.dark.png", full_page=True)


def test_keyboard_alone_reaches_the_big_button(small: Page, places: Any) -> None:
    small.goto(f"{places.issuer}/login?lang=en")
    small.keyboard.press("Tab")
    expect(small.locator(".skip")).to_be_focused()
    expect(small.locator(".skip")).to_be_in_viewport()
    small.keyboard.press("Enter")
    expect(small.locator("#main")).to_be_focused()
    small.keyboard.press("Tab")
    expect(small.locator("#use-passkey")).to_be_focused()
    outline = small.locator("#use-passkey").evaluate("one => getComputedStyle(one).outlineWidth")
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
