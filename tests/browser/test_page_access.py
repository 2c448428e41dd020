"""The checks of pages find what they are for: a sound page has no fault, and each broken one has the one that it was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser
from tests.browser.access import (
    PHONE,
    Reader,
    dark_faults,
    keyboard_faults,
    reading,
    reading_faults,
    rule_faults,
    zoom_faults,
)

SOUND = """<!doctype html>
<html lang="en"><head><title>A page</title><style>
body { margin: 0; line-height: 1.5; overflow-wrap: anywhere; font-size: 1rem }
:focus-visible { outline: 3px solid #00596e; outline-offset: 3px }
.skip { position: absolute; top: 0; transform: translateY(-120%) } .skip:focus { transform: none }
[tabindex="-1"]:focus { outline: none }
main { display: grid; gap: 24px; justify-items: start }
</style></head><body>
<a class="skip" href="#main">Skip to main content</a>
<header><a href="/home">Home</a></header>
<main id="main" tabindex="-1">
  <div class="notice error" id="error-summary" role="alert"><h2>Not sent</h2><p><a href="#name">Write it</a></p></div>
  <h1>One</h1>
  <p id="words">Some words</p>
  <form action="/send"><label for="name">Name</label><p class="error-text" id="name-error">Write it</p>
    <input id="name" aria-invalid="true" aria-describedby="name-error"><button id="go">Go on</button></form>
  <h2>Two</h2>
  <details><summary>More</summary><p><a href="/more">All of it</a></p></details>
  <label><input type="checkbox" id="tick"> Agreed</label>
  <p lang="zh-Hant-HK">個人資料</p>
</main>
<footer><a href="/help">Help</a></footer>
</body></html>"""

Check = Callable[[Reader], list[str]]


def zoomed(reader: Reader) -> list[str]:
    return zoom_faults(reader, PHONE)


INPUT = '<input id="name" aria-invalid="true" aria-describedby="name-error">'
WORDS = '<p id="words">Some words</p>'
BUTTON = '<button id="go">Go on</button>'
# What is broken how, and what is said of it, by check.
BROKEN: dict[Check, tuple[tuple[str, str, str], ...]] = {
    keyboard_faults: (
        (BUTTON, '<button id="go" tabindex="1">Go on</button>', "tabindex of its own"),
        (BUTTON, '<button id="go" tabindex="1">Go on</button>', "never reached"),
        (INPUT, INPUT.replace(">", ' onkeydown="if (event.key === \'Tab\') event.preventDefault()">'), "never reached: <button id"),
        ("outline: 3px solid #00596e", "outline: none", "no ring around"),
        ("outline: 3px solid #00596e", "outline: 2px solid #00596e", "no ring around"),
        ("outline: 3px solid #00596e", "outline: 3px solid #dddddd", "the ring has a contrast of 1."),
        ("</footer>", '</footer><div style="position:fixed;inset:0;background:white"></div>', "out of sight or covered"),
        ('href="/home"', 'href="/home" onkeydown="event.key === \'Enter\' && event.preventDefault()"', "Enter does nothing at <a"),
        (INPUT, INPUT.replace(">", ' onkeydown="event.key === \'Enter\' && event.preventDefault()">'), "Enter does nothing at <input"),
        (BUTTON, f'<button class="danger">Erase</button>{BUTTON}', 'presses <button class="danger"'),
        ("<summary>", "<summary onkeydown=\"event.key === 'Enter' && event.preventDefault()\">", "Enter does not open <summary"),
        ('id="tick"', 'id="tick" onkeyup="event.preventDefault()"', "Space does nothing at <input"),
        ('<a class="skip" href="#main">Skip to main content</a>', "", "no skip link comes first"),
        ('<main id="main" tabindex="-1">', '<main id="main">', "#main does not bring the focus there"),
        ('<a href="#name">', '<a href="#words">', "#words does not bring the focus there"),
        ('<p><a href="/more">', '<p onfocusin="document.querySelector(\'#tick\').focus()"><a href="/more">', 'never reached: <a href="/more"'),
    ),
    reading_faults: (
        ('<label for="name">Name</label>', "<p>Name</p>", "textbox without a name"),
        ("Go on", "", "button without a name"),
        (WORDS, '<img src="data:," width="9" height="9">', "image without a name"),
        ("<h2>Two</h2>", "<h3>Two</h3>", "heading of level 3 after level 1"),
        ("<h2>Two</h2>", "<h1>Two</h1>", "2 titles"),
        ("<h1>One</h1>", "<p>One</p>", "0 titles"),
        ("main", "section", "0 of main"),
        ("header", "div", "0 of banner"),
        ("footer", "div", "0 of contentinfo"),
        (WORDS, '<p id="words" style="order:1">Some words</p>', "another order than it is read"),
        ("main { display: grid", "main { display: flex; flex-direction: column-reverse", "another order than it is read"),
        (WORDS, '<p style="position:relative;top:300px">Some words</p>', "but stands above it"),
        (WORDS, '<p><span style="display:inline-block;transform:translateX(150px)">Some</span> <b style="display:inline-block;transform:translateX(-40px)">words</b></p>', "but stands left of it"),
        ("<h2>Two</h2>", '<h2>Two</h2><div aria-owns="words"></div>', "not read where it stands"),
        ('<p lang="zh-Hant-HK">', "<p>", 'not in en: "個人資料"'),
        ('<p lang="zh-Hant-HK">', '<p lang="zh-Hans">', 'not in zh-Hans: "個人資料"'),
        ('<p lang="zh-Hant-HK">個人資料', '<p lang="zh-Hant-HK">个人资料', 'not in zh-Hant-HK: "个人资料"'),
        ('<p lang="zh-Hant-HK">個人資料', '<p lang="zh-Hant-HK">Nobody translated this sentence', "not in zh-Hant-HK"),
        ('<p lang="zh-Hant-HK">', '<p aria-label="姓名" title="姓名">', 'not in en: "姓名"'),
        (' role="alert"', "", "nobody hears of"),
        ('<a href="#name">', '<a href="#nowhere">', "the summary leads nowhere"),
        ('<a href="#name">', '<a href="#go">', "no summary leads to <input"),
        (' aria-describedby="name-error"', "", "nothing says why"),
        (WORDS, '<p aria-labelledby="nothing">Some words</p>', "aria-labelledby of nothing"),
    ),
    zoomed: (
        (WORDS, '<p style="font-size:16px">Some words</p>', "does not grow"),
        (WORDS, '<p style="white-space:nowrap">Some words that stand on a single line, so long</p>', "px wide, the window"),
        (WORDS, '<p style="white-space:nowrap">Some words that stand on a single line, so long</p>', "out at the side"),
        (WORDS, '<div style="overflow:auto;width:9rem"><p style="width:30rem">Some words</p></div>', "scrolls sideways"),
        (WORDS, '<div style="overflow:auto;width:9rem"><table style="width:30rem"><tr><td>Some words</table></div>', "no keyboard scrolls"),
        (WORDS, '<p style="height:20px;overflow:hidden">Some words</p>', "cut off"),
        (BUTTON, '<button id="go" style="height:24px;width:60px;font-size:1rem">Go on</button>', "cut off"),
        ('<label for="name">', '<a href="/x" style="position:absolute;margin:1rem">Over it all</a><label for="name">', "one over the other"),
        (WORDS, '<div style="height:1.5em;margin-bottom:-60px">Some words</div>', "one over the other"),
        (WORDS, "<style>@media (max-width: 20em) { #words { display: none } }</style>" + WORDS, 'gone: "Some words"'),
        (WORDS, "<style>@media (max-width: 330px) { #words { display: none } }</style>" + WORDS, "page at 400 %: gone"),
        ("<header>", '<header style="position:sticky;top:0;height:120px">', "takes the window"),
        ("translateY(-120%)", "translateY(-24px)", "lies over the page"),
    ),
    rule_faults: (
        ('<label for="name">Name</label>', "", "label: "),
        ("<h1>One</h1>", '<h1 style="color:#ccc">One</h1>', "color-contrast: "),
        (WORDS, '<div role="navigation"></div><div role="navigation"></div>', "landmark-unique: "),
    ),
    dark_faults: (
        (WORDS, "<style>@media (prefers-color-scheme: dark) { p { color: #ccc } }</style>" + WORDS, "color-contrast: "),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def reader(chromium: Browser) -> Iterator[Reader]:
    with reading(chromium) as found:
        yield found


def _show(reader: Reader, page: str) -> None:
    reader.page.set_viewport_size(PHONE)
    reader.page.goto("about:blank")
    reader.page.set_content(page)


@pytest.mark.parametrize("check", BROKEN)
def test_a_sound_page_has_no_faults(reader: Reader, check: Check) -> None:
    _show(reader, SOUND)
    assert check(reader) == []


@pytest.mark.parametrize(
    ("check", "sound", "broken", "said"),
    [(check, *case) for check, cases in BROKEN.items() for case in cases],
)
def test_a_broken_page_is_found(
    reader: Reader, check: Check, sound: str, broken: str, said: str
) -> None:
    assert sound in SOUND
    _show(reader, SOUND.replace(sound, broken))
    faults = check(reader)
    assert any(said in fault for fault in faults), faults
