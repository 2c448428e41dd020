"""Can a page be used without a mouse, without eyes, with large text? Each check gives what is wrong, as text.

The checks are about what a person meets, not about how it is written: where the focus goes when Tab is pressed, what
stands above what, which words a screen reader has for a field.
"""

from __future__ import annotations

import itertools
from typing import Any

from playwright.sync_api import CDPSession, Page

_MOST_STOPS = 120

FOCUSABLE = """a[href], button, input:not([type=hidden]), select, textarea, summary, iframe,
    [tabindex]:not([tabindex="-1"])"""

# What Tab should reach: visible, enabled; of radio buttons with one name the chosen one, or else the first.
_STOPS = f"""() => {{
    const seen = one => one.checkVisibility({{visibilityProperty: true}}) && !one.disabled
        && !one.closest('[inert]') && !one.closest('details:not([open]) > :not(summary)');
    const all = [...document.querySelectorAll(`{FOCUSABLE}`)].filter(seen);
    const groups = new Map();
    for (const one of all) {{
        if (one.type !== 'radio') continue;
        const key = (one.form ? [...document.forms].indexOf(one.form) : -1) + ':' + one.name;
        if (!groups.has(key) || one.checked) groups.set(key, one);
    }}
    const chosen = new Set(groups.values());
    const stops = all.filter(one => one.type !== 'radio' || chosen.has(one));
    stops.forEach((one, at) => {{ one.dataset.stop = at; }});
    return stops.map(one => one.outerHTML.slice(0, 90));
}}"""

# A page may have put the focus on its title or on what is wrong; Tab then goes on from there. Here it begins on top.
_FROM_THE_TOP = """() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
    scrollTo(0, 0);
}"""

_FOCUSED = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const style = getComputedStyle(one);
    const shown = one.type === 'checkbox' || one.type === 'radio' ? [one, one.parentElement] : [one];
    const ring = shown.some(each => {
        const of = getComputedStyle(each);
        return parseFloat(of.outlineWidth) >= 2 && of.outlineStyle !== 'none' || of.boxShadow !== 'none';
    });
    const box = one.getBoundingClientRect();
    return {stop: one.dataset.stop ?? null, ring, html: one.outerHTML.slice(0, 90),
            top: box.top + scrollY, bottom: box.bottom + scrollY, left: box.left,
            inside: box.bottom > 0 && box.top < innerHeight, position: style.position,
            parts: one.type === 'date'};
}"""


def keyboard_faults(page: Page) -> list[str]:
    """Press Tab until it is through: everything is reached, in the order of reading, and seen."""
    stops: list[str] = page.evaluate(_STOPS)
    page.evaluate(_FROM_THE_TOP)
    faults, visited, before = [], [], None
    for _ in range(min(len(stops) * 2 + 8, _MOST_STOPS)):
        page.keyboard.press("Tab")
        at: dict[str, Any] | None = page.evaluate(_FOCUSED)
        if at is None:
            break
        if visited and at["stop"] == visited[-1] and at["parts"]:  # day, month, year
            continue
        lost = _lost(at, visited)
        faults += [lost] if lost else []
        if lost or (visited and at["stop"] == visited[0]):
            break
        faults += _unseen(before, at)
        visited.append(at["stop"])
        before = at
    order = [int(stop) for stop in visited]
    missed = sorted(set(range(len(stops))) - set(order))
    faults += [f"never reached: {stops[stop]}" for stop in missed]
    if order != sorted(order):
        faults.append(f"another order than the document's: {order}")
    return faults


def _lost(at: dict[str, Any], visited: list[str]) -> str | None:
    """Why pressing Tab is of no more use, or None."""
    if at["stop"] is None:
        return f"focus on what is no control: {at['html']}"
    if visited and at["stop"] == visited[-1]:
        return f"focus does not go on from {at['html']}"
    return None


def _unseen(before: dict[str, Any] | None, at: dict[str, Any]) -> list[str]:
    """What keeps a person from seeing where the focus is, or from expecting it there."""
    faults = []
    if not at["ring"]:
        faults.append(f"no ring around {at['html']}")
    if not at["inside"]:
        faults.append(f"focus out of sight: {at['html']}")
    if before is not None and _goes_back(before, at):
        faults.append(f"focus goes up the page to {at['html']}")
    return faults


def _goes_back(before: dict[str, Any], at: dict[str, Any]) -> bool:
    """Whether a stop is wholly above the one before, and not in a column to the right of it."""
    pinned = "fixed" in (before["position"], at["position"])
    above = at["bottom"] <= before["top"] and at["left"] <= before["left"]
    return above and not pinned


_PICTURES = ("img", "image")
_NEEDS_NAME = frozenset(
    {"button", "link", "textbox", "checkbox", "radio", "combobox", "listbox", "switch", "slider", "searchbox"}
    | {"spinbutton", "img", "image", "dialog", "Date", "DisclosureTriangle"}
)  # fmt: skip


def screen_reader_faults(page: Page, cdp: CDPSession) -> list[str]:
    """The page as assistive technology gets it: names, headings, landmarks; read in the order of sight."""
    nodes = cdp.send("Accessibility.getFullAXTree")["nodes"]
    seen = [node for node in nodes if not node.get("ignored")]
    faults = []
    within = {
        child for node in seen if node["role"]["value"] in _PICTURES for child in node["childIds"]
    }
    for node in seen:
        if node["nodeId"] in within:  # what a picture is made of (WAI-ARIA 1.2 §5.2.8)
            continue
        role, name = node["role"]["value"], node.get("name", {}).get("value", "")
        if role in _NEEDS_NAME and not name.strip():
            faults.append(f"{role} without a name")
    levels = [
        int(member["value"]["value"])
        for node in seen
        if node["role"]["value"] == "heading"
        for member in node.get("properties", ())
        if member["name"] == "level"
    ]
    if levels.count(1) != 1:
        faults.append(f"{levels.count(1)} headings of the first level")
    jumps = [(one, two) for one, two in itertools.pairwise(levels) if two > one + 1]
    faults += [f"heading of level {two} after level {one}" for one, two in jumps]
    roles = [node["role"]["value"] for node in seen]
    if roles.count("main") != 1:
        faults.append(f"{roles.count('main')} main landmarks")
    return faults + page.evaluate(_READING)


# Words in the order of the document, as far as they are seen; what is read later never stands wholly above what was
# read before, in one column. And: fields that are wrong say so, and the summary leads to them.
_READING = """() => {
    const faults = [], hidden = one => one.closest('[aria-hidden=true], .visually-hidden, details:not([open]), svg, option, select');
    const walk = document.createTreeWalker(document.querySelector('main') ?? document.body, NodeFilter.SHOW_TEXT);
    let lowest = null;
    while (walk.nextNode()) {
        const text = walk.currentNode, parent = text.parentElement;
        if (!text.data.trim() || hidden(parent) || !parent.checkVisibility({visibilityProperty: true})) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        const box = range.getBoundingClientRect();
        if (!box.width || getComputedStyle(parent).position === 'absolute') continue;
        if (lowest && box.bottom <= lowest.top - 1 && box.left <= lowest.left)
            faults.push(`read after "${lowest.words}" but stands above it: "${text.data.trim().slice(0, 40)}"`);
        lowest = {top: box.top, left: box.left, words: text.data.trim().slice(0, 40)};
    }
    for (const one of document.querySelectorAll('[aria-invalid=true]'))
        if (!(one.getAttribute('aria-describedby') ?? '').split(' ').some(id => document.getElementById(id)?.textContent.trim()))
            faults.push(`wrong, and nothing says why: ${one.outerHTML.slice(0, 90)}`);
    for (const one of document.querySelectorAll('#error-summary a[href^="#"]'))
        if (!document.getElementById(one.getAttribute('href').slice(1)))
            faults.push(`leads nowhere: ${one.outerHTML.slice(0, 90)}`);
    for (const one of document.querySelectorAll('[aria-describedby], [aria-labelledby], [aria-controls]'))
        for (const name of ['aria-describedby', 'aria-labelledby', 'aria-controls'])
            for (const id of (one.getAttribute(name) ?? '').split(' ').filter(Boolean))
                if (!document.getElementById(id)) faults.push(`${name} of nothing: ${id}`);
    return faults;
}"""

# What is seen, by the texts of the page; and controls with their boxes.
_SEEN = """() => [...document.querySelectorAll('body *')]
    .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.closest('svg, .visually-hidden'))
    .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .filter(one => { const box = one.getBoundingClientRect(); return box.width > 1 && box.height > 1; })
    .map(one => one.textContent.trim().slice(0, 60))"""

_SQUEEZED = """() => {
    const faults = [], shown = one => one.checkVisibility({visibilityProperty: true});
    const wide = document.documentElement;
    if (wide.scrollWidth > wide.clientWidth + 1) {
        const out = [...document.querySelectorAll('body *')].find(one => shown(one)
            && one.getBoundingClientRect().right > wide.clientWidth + 1 && !one.closest('.scroller, .table-scroll'));
        if (out) faults.push(`wider than the page: ${out.outerHTML.slice(0, 90)}`);
    }
    for (const one of document.querySelectorAll('body *')) {
        if (!shown(one) || one.closest('svg, .visually-hidden') || one.matches('input, select, textarea, video, canvas, iframe, img')) continue;
        const style = getComputedStyle(one), clips = v => v === 'hidden' || v === 'clip';
        const cut = (clips(style.overflowY) && one.scrollHeight > one.clientHeight + 2)
            || (clips(style.overflowX) && one.scrollWidth > one.clientWidth + 2);
        const full = one.matches('button, .button, summary, .tag') && one.clientHeight > 0
            && (one.scrollHeight > one.clientHeight + 2 || one.scrollWidth > one.clientWidth + 2);
        if ((cut || full) && one.textContent.trim()) faults.push(`text is cut off: ${one.outerHTML.slice(0, 90)}`);
    }
    const controls = [...document.querySelectorAll('button, .button, input:not([type=hidden]), select, summary, a[href]')]
        .filter(one => shown(one) && !one.closest('.visually-hidden, .skip') && getComputedStyle(one).position !== 'absolute');
    const boxes = controls.map(one => [one, one.getBoundingClientRect()]).filter(([, box]) => box.width && box.height);
    for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
        const [one, a] = boxes[i], [two, b] = boxes[j];
        if (one.contains(two) || two.contains(one)) continue;
        if (a.left < b.right - 2 && b.left < a.right - 2 && a.top < b.bottom - 2 && b.top < a.bottom - 2)
            faults.push(`one over the other: ${one.outerHTML.slice(0, 60)} and ${two.outerHTML.slice(0, 60)}`);
    }
    return faults;
}"""


def large_text_faults(page: Page) -> list[str]:
    """Text at 200 % (WCAG 2.2 §1.4.4): nothing is cut off, covered or gone, and nothing has to be scrolled sideways."""
    before: list[str] = page.evaluate(_SEEN)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    faults: list[str] = page.evaluate(_SQUEEZED)
    after: list[str] = page.evaluate(_SEEN)
    page.evaluate("document.documentElement.style.fontSize = ''")
    return [*faults, *(f"gone: {text!r}" for text in dict.fromkeys(before) if text not in after)]
