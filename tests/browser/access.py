"""Can a page be used without a mouse, without eyes, with larger text? Each check gives its faults as texts.

What is looked at inside the page is in ``checks/*.js``; what is done to it from outside, here: keys are real keys,
larger text is the setting of the reader's own browser, and the tree is the one that assistive technology gets.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
# 1280 x 1024 px at 400 % (WCAG 2.2, 1.4.10).
CLOSE: ViewportSize = {"width": 320, "height": 256}
PLAIN, LARGE = 16, 32  # px; the first is what browsers come with
_SCRIPTS = [
    Path(__file__).parent / "checks" / f"{name}.js"
    for name in ("common", "keyboard", "reading", "zoom")
]
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RULES = {"type": "tag", "values": _TAGS}
_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}


@dataclass(frozen=True)
class Reader:
    """One page of a browser in which every check is at hand."""

    page: Page
    cdp: CDPSession

    @classmethod
    def of(cls, context: BrowserContext) -> Reader:
        for script in (AXE_FILE_PATH, *_SCRIPTS):
            context.add_init_script(path=script)
        page = context.new_page()
        return cls(page, context.new_cdp_session(page))

    def ask(self, call: str) -> Any:
        return self.page.evaluate(f"checks.{call}")

    def open(self, url: str) -> None:
        """The page as it is once its scripts have looked round."""
        answer = self.page.goto(url)
        assert answer is not None
        assert answer.status == 200
        self.ask("ready()")

    def text_size(self, px: int) -> None:
        """The setting of the browser, as a reader changes it."""
        self.cdp.send(
            "Page.setFontSizes", {"fontSizes": {"standard": px, "fixed": round(px * 13 / 16)}}
        )


@contextmanager
def reading(browser: Browser, **options: Any) -> Iterator[Reader]:
    """A reader with a window of its own, which is closed in the end."""
    context = browser.new_context(**{"viewport": PHONE, "reduced_motion": "reduce", **options})
    yield Reader.of(context)
    context.close()


# --- by keyboard ----------------------------------------------------------------------------------


def keyboard_faults(reader: Reader) -> list[str]:
    """Tab reaches everything in the order of the document and shows where it is; Enter and Space do what is said.

    What folds is opened on the way, so that what is inside counts as well. To be called last: it moves about.
    """
    press, began = reader.page.keyboard.press, reader.ask("keyboardBegin()")
    faults: list[str] = began["faults"]
    for _ in range(2 * began["count"] + 8):  # a date has several parts
        press("Tab")
        at = reader.ask("keyboardAt()")
        faults += at["faults"]
        if at["over"]:
            break
        if at["key"]:
            press(at["key"])
        if at.get("twice"):
            reader.ask("keyboardClosed()")
            press(at["key"])
    return [*faults, *reader.ask("keyboardEnd()"), *_skip_faults(reader), *_jump_faults(reader)]


def _skip_faults(reader: Reader) -> list[str]:
    """The first stop leads past the head of the page (WCAG 2.2, 2.4.1), and Tab goes on from there."""
    reader.ask("toTop()")
    reader.page.keyboard.press("Tab")
    if not reader.page.evaluate("document.activeElement.matches('.skip')"):
        return ["no skip link comes first"]
    reader.page.keyboard.press("Enter")
    faults: list[str] = reader.ask("landed('#main')")
    reader.page.keyboard.press("Tab")
    return [*faults, *reader.ask("passed()")]


def _jump_faults(reader: Reader) -> list[str]:
    faults = []
    for href in reader.ask("jumps()"):
        reader.page.focus(f'#error-summary a[href="{href}"]')
        reader.page.evaluate("location.hash = ''")
        reader.page.evaluate("href => { location.hash = href }", href)
        faults += reader.ask(f"landed({href!r})")
    return faults


# --- as it is read --------------------------------------------------------------------------------

_NEED_NAMES = frozenset({
    "button", "link", "textbox", "searchbox", "spinbutton", "checkbox", "switch", "radio", "combobox", "listbox",
    "slider", "Date", "DisclosureTriangle", "image", "img", "dialog", "region", "radiogroup",
})  # fmt: skip
# The label of a box to tick is heard as the name of the box, not again beside it.
_SAYS_ITS_LABEL = frozenset({"StaticText", "checkbox", "radio", "switch"})
_LANDMARKS = ("banner", "main", "contentinfo")


def reading_faults(reader: Reader) -> list[str]:
    """Read aloud, a page has its words in the order of sight, and a name for everything that can be used."""
    tree = _told(reader)
    faults = [*_name_faults(tree), *_heading_faults(tree)]
    # A countdown may tick between the two questions, but not twice in a row.
    faults += _order_faults(tree, reader.ask("textsRead()")) and _order_faults(
        _told(reader), reader.ask("textsRead()")
    )
    for check in ("turned()", "tongues()", "errors()", "sightOrder()"):
        faults += reader.ask(check)
    return faults


def _told(reader: Reader) -> list[dict[str, Any]]:
    return list(_tree(reader.cdp.send("Accessibility.getFullAXTree")["nodes"]))


def _tree(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Nodes as a screen reader comes by them."""
    by_id = {node["nodeId"]: node for node in nodes}
    waiting = [nodes[0]]
    while waiting:
        node = waiting.pop()
        if not node.get("ignored"):
            yield node
        waiting += [by_id[one] for one in reversed(node.get("childIds", ())) if one in by_id]


def _role(node: dict[str, Any]) -> str:
    return str(node["role"]["value"])


def _name(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", ""))


def _name_faults(tree: list[dict[str, Any]]) -> list[str]:
    roles = [_role(node) for node in tree]
    faults = [
        f"{_role(one)} without a name"
        for one in tree
        if _role(one) in _NEED_NAMES and not _name(one).strip()
    ]
    return faults + [
        f"{roles.count(role)} of {role}" for role in _LANDMARKS if roles.count(role) != 1
    ]


def _heading_faults(tree: list[dict[str, Any]]) -> list[str]:
    """One title, and no level left out; what is wrong may be said before the title."""
    levels = [
        int(member["value"]["value"])
        for node in tree
        if _role(node) == "heading"
        for member in node.get("properties", ())
        if member["name"] == "level"
    ]
    faults = [] if levels.count(1) == 1 else [f"{levels.count(1)} titles"]
    jumps = [(one, two) for one, two in pairwise(levels) if two > one + 1]
    return faults + [f"heading of level {two} after level {one}" for one, two in jumps]


def _order_faults(tree: list[dict[str, Any]], words: list[str]) -> list[str]:
    """All that is written is read, in the order in which it is written."""
    told = iter(_plain(_name(node)) for node in tree if _role(node) in _SAYS_ITS_LABEL)
    for one in words:
        if not any(_plain(one) == heard for heard in told):
            return [f"not read where it stands: {one.strip()[:50]!r}"]
    return []


def _plain(words: str) -> str:
    return "".join(words.split()).casefold()


# --- larger, and closer ---------------------------------------------------------------------------


def zoom_faults(reader: Reader, size: ViewportSize) -> list[str]:
    """Text at 200 % in the window that it is for (WCAG 2.2, 1.4.4), and the page at 400 % (1.4.10)."""
    reader.page.set_viewport_size(size)
    reader.ask("keepPlain()")
    reader.text_size(LARGE)
    larger = [*reader.ask("small(1.7)"), *reader.ask("squeezed()")]
    reader.text_size(PLAIN)
    reader.page.set_viewport_size(CLOSE)
    closer = reader.ask("squeezed()")
    reader.page.set_viewport_size(size)
    return [f"text at 200 %: {one}" for one in larger] + [f"page at 400 %: {one}" for one in closer]


# --- by rules -------------------------------------------------------------------------------------

_RUN = """runOnly => axe.run(document, {runOnly, resultTypes: ["violations"]}).then(found =>
    found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 160)}`)))"""


def rule_faults(reader: Reader) -> list[str]:
    """What axe finds."""
    faults: list[str] = reader.page.evaluate(_RUN, _RULES)
    return faults


def dark_faults(reader: Reader) -> list[str]:
    """What axe finds in the dark, where nothing differs but the colours."""
    reader.page.emulate_media(color_scheme="dark")
    faults: list[str] = reader.page.evaluate(_RUN, _COLOURS)
    reader.page.emulate_media(color_scheme="light")
    return [f"in the dark: {one}" for one in faults]
