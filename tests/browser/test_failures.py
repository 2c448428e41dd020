"""What goes wrong with passkeys, and the way out that each page offers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

Activate = Callable[[Any, str], None]


@pytest.fixture
def holder(phone: Any, person: str, places: Any, activate: Activate) -> Any:
    """A phone with an eID, logged out, on the login page."""
    activate(phone, person)
    phone.page.goto(f"{places.issuer}/account")
    phone.page.click("#sign-out")
    phone.page.goto(f"{places.issuer}/login")
    return phone


def state(phone: Any, name: str) -> Any:
    return phone.page.locator(f"[data-state={name}]")


def test_device_does_not_recognise_the_person(holder: Any) -> None:
    holder.set("setUserVerified", isUserVerified=False)
    holder.page.click("#use-passkey")
    expect(state(holder, "cancelled")).to_be_visible()
    expect(state(holder, "cancelled")).to_be_focused()
    holder.set("setUserVerified", isUserVerified=True)
    holder.page.click("#use-passkey")
    holder.page.wait_for_url("**/account")


def test_answer_without_user_verification_is_refused(holder: Any) -> None:
    holder.set("setResponseOverrideBits", isBadUV=True)
    holder.page.click("#use-passkey")
    problem = holder.page.locator("#problem")
    expect(problem).to_have_attribute("data-problem", "unverified")
    expect(problem.locator("#reference")).to_have_text(
        re.compile(r"^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$")
    )
    holder.set("setResponseOverrideBits", isBadUV=False)
    holder.page.click("#use-passkey")
    holder.page.wait_for_url("**/account")


def test_forged_signature_is_refused(holder: Any) -> None:
    holder.set("setResponseOverrideBits", isBogusSignature=True)
    holder.page.click("#use-passkey")
    expect(holder.page.locator("#problem")).to_have_attribute("data-problem", "refused")


def test_cancelled_ceremony(holder: Any) -> None:
    # Nobody touches the device; the browser gives up when the page's time is over.
    holder.set("setAutomaticPresenceSimulation", enabled=False)
    holder.page.evaluate(
        """() => {
            const form = document.querySelector("#passkey-form");
            const options = JSON.parse(form.dataset.options);
            (options.publicKey ?? options).timeout = 500;
            form.dataset.options = JSON.stringify(options);
        }"""
    )
    holder.page.click("#use-passkey")
    expect(holder.page.locator("#working > span")).to_be_visible()
    expect(state(holder, "cancelled")).to_be_visible(timeout=20_000)
    holder.set("setAutomaticPresenceSimulation", enabled=True)
    holder.page.click("#use-passkey")
    holder.page.wait_for_url("**/account")


def test_page_that_waited_too_long_says_so(holder: Any, places: Any) -> None:
    page = holder.page
    page.clock.install()
    page.goto(f"{places.issuer}/login")
    page.clock.fast_forward("06:00")
    page.click("#use-passkey")
    expect(state(holder, "expired")).to_be_visible()
    expect(page.locator("#restart")).to_have_attribute("href", "/login")


def test_ceremony_used_before_gives_a_new_page(holder: Any, places: Any) -> None:
    page = holder.page
    ceremony = page.input_value("[name=ceremony]")
    page.click("#use-passkey")
    page.wait_for_url("**/account")
    page.click("#sign-out")
    page.goto(f"{places.issuer}/login")
    page.evaluate("value => { document.querySelector('[name=ceremony]').value = value }", ceremony)
    page.click("#use-passkey")
    expect(page.locator("#problem")).to_have_attribute("data-problem", "expired")
    page.click("#use-passkey")
    page.wait_for_url("**/account")


def test_passkey_that_nobody_has_here(holder: Any, places: Any, person: str) -> None:
    """A removed passkey: refused, and the browser is told to forget it."""
    page = holder.page
    page.click("#use-passkey")
    page.wait_for_url("**/account")
    page.click("#remove-1")
    expect(page.locator(".notice.warning")).to_contain_text("only device")
    page.click("#remove-now")
    page.goto(f"{places.issuer}/login")
    page.click("#use-passkey")
    expect(page.locator("#problem")).to_have_attribute("data-problem", "unknown")
    expect(page.locator("[data-signal]")).to_have_count(1)


def test_cloned_key_stops_the_passkey(holder: Any) -> None:
    page = holder.page
    page.click("#use-passkey")
    page.wait_for_url("**/account")
    (credential,) = holder.credentials()
    page.click("#sign-out")
    page.goto(page.url.replace("/farewell/out", "/login"))
    holder.set("removeCredential", credentialId=credential["credentialId"])
    copy = {
        key: credential[key]
        for key in ("credentialId", "isResidentCredential", "rpId", "privateKey", "userHandle")
    }
    holder.set("addCredential", credential={**copy, "signCount": 0})
    page.click("#use-passkey")
    expect(page.locator("#problem")).to_have_attribute("data-problem", "device-suspended")


def test_lost_device_then_second_device(
    holder: Any, new_phone: Callable[..., Any], places: Any
) -> None:
    """Two devices; one is lost; the other logs in and removes it."""
    page = holder.page
    page.click("#use-passkey")
    page.wait_for_url("**/account")
    (first,) = holder.credentials()

    page.click("#add-device")
    # The new device is another authenticator, within reach of the same browser.
    holder.set("setAutomaticPresenceSimulation", enabled=False)
    second = holder.cdp.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "ctap2Version": "ctap2_1",
                "transport": "usb",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )["authenticatorId"]
    page.click("#other-device")
    page.wait_for_url("**/account?done=device-added*")
    expect(page.locator(".device")).to_have_count(2)

    # The first one is lost.
    holder.set("removeVirtualAuthenticator")
    holder.authenticator = second
    page.click("#sign-out")
    page.goto(f"{places.issuer}/login")
    page.click("#use-passkey")
    page.wait_for_url("**/account")
    lost = page.locator(".device").filter(has_not=page.locator(".tag.good"))
    lost.locator("a").click()
    page.click("#remove-now")
    expect(page.locator("#done")).to_be_visible()
    expect(page.locator(".device")).to_have_count(1)
    assert first["credentialId"] not in page.content()


def test_rename_and_the_same_device_twice(holder: Any, places: Any) -> None:
    page = holder.page
    page.click("#use-passkey")
    page.wait_for_url("**/account")
    page.click("#add-device")
    page.click("#create-passkey")
    expect(state(holder, "already")).to_be_visible()
    page.goto(f"{places.issuer}/account")
    page.click("details.rename summary")
    page.fill("#name-1", "媽媽的手機 <b>")
    page.click("details.rename button")
    expect(page.locator(".device .card-title")).to_contain_text("媽媽的手機 <b>")


def test_browser_without_passkeys(new_phone: Callable[..., Any], places: Any) -> None:
    phone = new_phone()
    phone.page.add_init_script("delete window.PublicKeyCredential")
    phone.page.goto(f"{places.issuer}/login")
    expect(state(phone, "unsupported")).to_be_visible()
    expect(phone.page.locator("#use-passkey")).to_be_hidden()
