"""Every page in every state: by keyboard alone, as a screen reader has it, with text at 200 %, in three languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page
from tests.browser.access import keyboard_faults, large_text_faults, screen_reader_faults

from hkeid_server.gallery import SAMPLES

LANGUAGES = ("en", "zh-Hant-HK", "zh-Hans")
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
ON_A_DESK = ("console-", "kiosk-", "counter-")
"""Pages for screens that stand somewhere; all others are tried on a phone."""


@pytest.fixture(scope="module")
def reader(chromium: Browser) -> Iterator[tuple[Page, CDPSession]]:
    context = chromium.new_context(viewport=PHONE, reduced_motion="reduce")
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("Accessibility.enable")
    yield page, cdp
    context.close()


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_page_without_mouse_without_eyes_with_large_text(
    reader: tuple[Page, CDPSession], places: Any, name: str, language: str
) -> None:
    page, cdp = reader
    page.set_viewport_size(DESK if name.startswith(ON_A_DESK) else PHONE)
    answer = page.goto(f"{places.issuer}/sandbox/pages/{name}?lang={language}")
    assert answer is not None
    assert answer.status == 200
    if page.locator("[data-camera], #open-camera").count():
        page.wait_for_timeout(250)  # a script looks whether there is a camera
    faults = [*screen_reader_faults(page, cdp), *keyboard_faults(page), *large_text_faults(page)]
    assert not faults, "\n".join(faults)


# --- the checks find what they are for ----------------------------------------------------------------

SOUND = """<!doctype html><html lang="en"><title>t</title><style>:focus-visible{outline:3px solid}</style><main>
<h1>One</h1><p>Some words</p><label for="a">Name</label><input id="a"><h2>Two</h2><button>Go on</button>
<a href="#a">Back</a></main></html>"""

BROKEN = {
    "focus goes up": (
        keyboard_faults,
        ("<button>Go on</button>", '<button tabindex="1">Go on</button>'),
        "never reached",
    ),
    "never reached": (
        keyboard_faults,
        ('<a href="#a">', '<a href="#a" tabindex="-1">'),
        "never reached",
    ),
    "trap": (
        keyboard_faults,
        ('<input id="a">', '<input id="a" onkeydown="event.preventDefault()">'),
        "does not go on",
    ),
    "no ring": (keyboard_faults, ("outline:3px solid", "outline:none"), "no ring"),
    "turned round": (
        keyboard_faults,
        ("<main>", '<main style="display:flex;flex-direction:column-reverse">'),
        "goes up the page",
    ),
    "without a name": (
        screen_reader_faults,
        ('<label for="a">Name</label>', "<p>Name</p>"),
        "textbox without a name",
    ),
    "an empty button": (screen_reader_faults, ("Go on", ""), "button without a name"),
    "a level is left out": (screen_reader_faults, ("h2>", "h3>"), "level 3 after level 1"),
    "two titles": (screen_reader_faults, ("h2>", "h1>"), "2 headings"),
    "no main": (screen_reader_faults, ("main>", "section>"), "0 main landmarks"),
    "read in another order": (
        screen_reader_faults,
        ("<p>Some words</p>", '<p style="position:relative;top:300px">Some words</p>'),
        "stands above it",
    ),
    "wrong without a word": (
        screen_reader_faults,
        ('<input id="a">', '<input id="a" aria-invalid="true">'),
        "nothing says why",
    ),
    "a dead end": (
        screen_reader_faults,
        ("<h2>", '<p id="error-summary"><a href="#nowhere">Here</a></p><h2>'),
        "leads nowhere",
    ),
    "described by nothing": (
        screen_reader_faults,
        ('<input id="a">', '<input id="a" aria-describedby="gone">'),
        "of nothing: gone",
    ),
    "cut off": (
        large_text_faults,
        ("<p>Some words</p>", '<p style="height:20px;overflow:hidden">Some words</p>'),
        "cut off",
    ),
    "a button too small": (
        large_text_faults,
        ("<button>", '<button style="height:24px;width:60px;font-size:1rem">'),
        "cut off",
    ),
    "too wide": (
        large_text_faults,
        ("<p>Some words</p>", '<p style="width:20rem;white-space:nowrap">Some words</p>'),
        "wider than the page",
    ),
    "covered": (
        large_text_faults,
        ('<a href="#a">', '<a href="#a" style="margin-left:-4rem">'),
        "one over the other",
    ),
    "gone": (
        large_text_faults,
        (
            "<p>Some words</p>",
            ("<style>@container (max-width: 20rem) { #w { display: none } }</style>"
             '<div style="container-type:inline-size"><p id="w">Some words</p></div>'),
        ),
        "gone: 'Some words'",
    ),
}  # fmt: skip


def _faults(check: Any, page: Page, cdp: CDPSession) -> list[str]:
    found: list[str] = check(page, cdp) if check is screen_reader_faults else check(page)
    return found


@pytest.mark.parametrize("check", [keyboard_faults, screen_reader_faults, large_text_faults])
def test_a_sound_page_has_no_faults(reader: tuple[Page, CDPSession], check: Any) -> None:
    page, cdp = reader
    page.set_viewport_size(PHONE)
    page.goto("about:blank")
    page.set_content(SOUND)
    assert _faults(check, page, cdp) == []


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_page_is_found(reader: tuple[Page, CDPSession], what: str) -> None:
    page, cdp = reader
    check, (sound, broken), said = BROKEN[what]
    assert sound in SOUND
    page.set_viewport_size(PHONE)
    page.goto("about:blank")
    page.set_content(SOUND.replace(sound, broken))
    assert any(said in fault for fault in _faults(check, page, cdp)), _faults(check, page, cdp)
