"""Somebody who has a keyboard and no mouse."""

from __future__ import annotations

from playwright.sync_api import Page

_MOST = 60


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on what is wanted, as people do who look where it is."""
    page.wait_for_selector(selector)
    for _ in range(_MOST):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{_MOST} times Tab, and the focus was never on {selector}")


def press_enter_on(page: Page, selector: str) -> None:
    """Go there, and press Enter."""
    tab_to(page, selector)
    page.keyboard.press("Enter")
