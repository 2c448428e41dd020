"""The language of the pages: who decides, and that switching keeps the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

Activate = Callable[[Any, str], None]


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("zh-HK", "zh-Hant-HK"),
        ("zh-TW", "zh-Hant-HK"),
        ("zh-CN", "zh-Hans"),
        ("en-GB", "en"),
        ("fr-FR", "en"),
    ],
)
def test_browser_decides(chromium: Browser, places: Any, locale: str, expected: str) -> None:
    context = chromium.new_context(locale=locale)
    page = context.new_page()
    page.goto(places.issuer)
    expect(page.locator("html")).to_have_attribute("lang", expected)
    context.close()


def test_switch_keeps_the_page_and_is_remembered(phone: Any, places: Any) -> None:
    page = phone.page
    page.goto(f"{places.issuer}/help")
    page.click("#languages a[lang=zh-Hant-HK]")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant-HK")
    assert page.url.startswith(f"{places.issuer}/help")
    page.goto(f"{places.issuer}/privacy")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant-HK")


def test_switch_in_the_middle_of_a_login(phone: Any, places: Any) -> None:
    page = phone.page
    page.goto(places.observatory)
    page.click("#log-in")
    page.click("#languages a[lang=zh-Hans]")
    expect(page.locator("#who-name")).to_contain_text("香港天文台")
    expect(page.locator("#use-passkey")).to_be_visible()


def test_switch_in_the_middle_of_an_activation(phone: Any, person: str, places: Any) -> None:
    page = phone.page
    page.goto(f"{places.issuer}/sandbox")
    page.click(f"#ticket-{person}")
    page.click("#use-ticket")
    expect(page.locator("#code")).not_to_have_value("")
    page.click("#continue")
    page.click("#languages button[lang=zh-Hant-HK]")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant-HK")
    page.click("#create-passkey")
    page.wait_for_url("**/activate/done")


def test_relying_party_may_wish_for_a_language(phone: Any, places: Any) -> None:
    page = phone.page
    page.goto(places.observatory)
    page.click("#language-zh-Hant-HK")
    page.click("#log-in")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant-HK")


def test_error_page_keeps_its_reference_number(phone: Any, places: Any) -> None:
    page = phone.page
    page.goto(f"{places.issuer}/authorize?client_id=nobody&state=not-for-the-page")
    reference = page.inner_text("#reference")
    assert "not-for-the-page" not in page.content()
    page.click("#languages a[lang=zh-Hans]")
    expect(page.locator("#reference")).to_have_text(reference)
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
