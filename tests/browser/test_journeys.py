"""What residents do, from activation to logging out, at the two example relying parties."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect
from tests.browser.keys import press_enter_on, tab_to

Activate = Callable[[Any, str], None]


def picture(page: Any, path: Path) -> None:
    """What a phone shows, without scrolling."""
    page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
    page.screenshot(path=path)


def compose(page: Any, pictures: list[Path], path: Path) -> None:
    """Pictures side by side: what README shows is made here."""
    sources = [base64.b64encode(one.read_bytes()).decode() for one in pictures]
    images = "".join(
        f'<img src="data:image/png;base64,{one}" style="border-radius:28px">' for one in sources
    )
    page.set_viewport_size({"width": 4 * 390 + 5 * 32, "height": 844 + 64})
    page.goto("about:blank")
    page.set_content(
        f'<body style="margin:0;padding:32px;display:flex;gap:32px;background:#dfe6e8">{images}'
    )
    page.screenshot(path=path)


def test_activation_makes_an_eid_on_this_device_and_then_a_profile(
    phone: Any, person: str, places: Any, activate: Activate
) -> None:
    activate(phone, person)
    expect(phone.page.locator("#page-title")).to_have_text("Your eID is active")
    expect(phone.page.locator("#eid-state")).to_have_attribute("data-eid-state", "active")
    (credential,) = phone.credentials()
    assert credential["isResidentCredential"]
    assert credential["rpId"] == "localhost"
    fill_in_a_profile_by_keyboard(phone.page, places)


def fill_in_a_profile_by_keyboard(page: Any, places: Any) -> None:
    """A profile is started, a field chosen, another one typed and then changed: no mouse anywhere."""
    page.goto(f"{places.issuer}/account")
    press_enter_on(page, "#go-profile")
    press_enter_on(page, "#start-profile")
    press_enter_on(page, "#edit-marital_status")
    tab_to(page, "[name=value]")
    page.keyboard.press("ArrowDown")
    press_enter_on(page, "#keep-value")
    expect(page.locator("#done")).to_be_visible()
    expect(page.locator("#marital_status .value")).not_to_have_class("value none")
    press_enter_on(page, "#edit-mobile_telephone")
    tab_to(page, "#value")
    page.keyboard.type("2123 4567")
    page.keyboard.press("Enter")
    expect(page.locator("#error-summary")).to_be_focused()
    press_enter_on(page, "#error-summary a")
    expect(page.locator("#value")).to_be_focused()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("9123 4567")
    page.keyboard.press("Enter")
    expect(page.locator("#mobile_telephone .value")).to_have_text("+852 9123 4567")


def test_an_activation_code_is_good_once(
    phone: Any, new_phone: Callable[..., Any], person: str, places: Any
) -> None:
    page = phone.page
    page.goto(f"{places.issuer}/sandbox")
    page.click(f"#ticket-{person}")
    code = page.inner_text("#ticket")
    page.click("#use-ticket")
    expect(page.locator("#code")).not_to_have_value("")
    page.click("#continue")
    page.click("#create-passkey")
    page.wait_for_url("**/activate/done")
    other = new_phone().page
    other.goto(f"{places.issuer}/activate")
    other.fill("#code", code.lower().replace("-", " "))
    other.click("#continue")
    expect(other.locator("#error-summary")).to_be_focused()
    expect(other.locator("#code")).to_have_attribute("aria-invalid", "true")


def log_in_at_the_observatory(phone: Any, places: Any, artefacts: Path) -> None:
    page = phone.page
    page.goto(places.observatory)
    page.click("#log-in")
    expect(page.locator("#who-name")).to_contain_text("Hong Kong Observatory")
    picture(page, artefacts / "journey-2-login.png")
    page.click("#use-passkey")
    expect(page.locator("#consent-form")).to_be_visible()
    page.click("#agree")
    page.wait_for_url(f"{places.observatory}/**")


def test_single_sign_on_at_two_services_then_the_account_page(
    phone: Any, person: str, places: Any, activate: Activate, artefacts: Path
) -> None:
    page = phone.page
    activate(phone, person)
    picture(page, artefacts / "journey-1-activated.png")
    page.goto(f"{places.issuer}/account")
    page.click("#sign-out")
    log_in_at_the_observatory(phone, places, artefacts)
    page.goto(f"{places.observatory}/account")
    assert page.inner_text("#claim-name").strip()
    first = page.inner_text("#sub")

    # The second service asks for consent, but for no passkey: that is single sign-on.
    page.goto(places.tax)
    page.click("#log-in")
    expect(page.locator("#consent-form")).to_be_visible()
    assert page.locator("#use-passkey").count() == 0
    expect(page.locator("[data-claim=hkic_number] .value")).to_contain_text("***")
    picture(page, artefacts / "journey-3-consent.png")
    page.click("#agree")
    page.wait_for_url(f"{places.tax}/**")

    page.goto(f"{places.issuer}/account")
    expect(page.locator("#received .service")).to_have_count(2)
    expect(page.locator("#sessions")).to_contain_text("Inland Revenue Department")
    picture(page, artefacts / "journey-4-account.png")
    assert first not in page.content(), "the pairwise subject is nobody else's business"

    page.click("[data-service=hko-suggestions] button")
    expect(page.locator("#done")).to_be_visible()
    expect(page.locator("[data-service=hko-suggestions]")).to_contain_text("You share nothing")
    compose(page, sorted(artefacts.glob("journey-[1-4]-*.png")), artefacts / "journey.png")


def test_consent_is_asked_once(phone: Any, person: str, places: Any, activate: Activate) -> None:
    page = phone.page
    activate(phone, person)
    page.goto(places.observatory)
    page.click("#log-in")
    page.click("#agree")
    page.wait_for_url(f"{places.observatory}/**")
    page.context.clear_cookies(name="rp_session")
    page.goto(f"{places.observatory}/account")
    page.wait_for_url(f"{places.observatory}/**")


def test_voluntary_claims_are_off_and_stay_off_for_somebody_without_a_mouse(
    phone: Any, person: str, places: Any, activate: Activate
) -> None:
    """From the login to the service by keys alone."""
    page = phone.page
    activate(phone, person)
    page.goto(f"{places.issuer}/account")
    press_enter_on(page, "#sign-out")
    page.wait_for_url("**/farewell/out")
    page.goto(places.observatory)
    press_enter_on(page, "#log-in")
    press_enter_on(page, "#use-passkey")
    tab_to(page, "#share-gender")
    expect(page.locator("#share-gender")).not_to_be_checked()
    page.keyboard.press("Space")
    expect(page.locator("#share-gender")).to_be_checked()
    page.keyboard.press("Space")
    expect(page.locator("#share-gender")).not_to_be_checked()
    press_enter_on(page, "#agree")
    page.wait_for_url(f"{places.observatory}/**")
    page.goto(f"{places.observatory}/account")
    assert page.inner_text("#claim-name").strip()
    expect(page.locator("#claim-gender")).not_to_contain_text("ale")


def test_consent_refused_leads_back_with_nothing(
    phone: Any, person: str, places: Any, activate: Activate
) -> None:
    page = phone.page
    activate(phone, person)
    page.goto(places.observatory)
    page.click("#log-in")
    page.click("#disagree")
    page.wait_for_url(f"{places.observatory}/**")
    assert page.locator("#log-out").count() == 0
    page.goto(f"{places.issuer}/account")
    expect(page.locator("#received .empty")).to_be_visible()


def test_login_declined_leads_back(phone: Any, places: Any) -> None:
    page = phone.page
    page.goto(places.observatory)
    page.click("#log-in")
    page.click("#decline-login")
    page.wait_for_url(f"{places.observatory}/**")


def test_logout_at_a_service_ends_the_eid_session(
    phone: Any, person: str, places: Any, activate: Activate
) -> None:
    page = phone.page
    activate(phone, person)
    page.goto(places.observatory)
    page.click("#log-in")
    page.click("#agree")
    page.goto(f"{places.observatory}/account")
    page.click("#log-out-everywhere")
    page.wait_for_load_state()
    if page.locator("#logout-confirm").count():
        page.click("#logout-confirm")
    page.wait_for_url(f"{places.observatory}/**")
    page.goto(f"{places.issuer}/account")
    expect(page.locator("#use-passkey")).to_be_visible()


def test_autofill_offers_the_passkey(
    new_phone: Callable[..., Any], person: str, places: Any, activate: Activate
) -> None:
    phone = new_phone(autofill=True)
    activate(phone, person)
    phone.page.goto(f"{places.issuer}/account")
    phone.page.click("#sign-out")
    # The virtual authenticator answers the conditional request by itself.
    phone.page.goto(f"{places.issuer}/login")
    phone.page.wait_for_url("**/account")


def test_freezing_stops_every_login(
    phone: Any, person: str, places: Any, activate: Activate
) -> None:
    page = phone.page
    activate(phone, person)
    page.goto(f"{places.issuer}/account")
    page.click("#freeze-now")
    page.click("#freeze-confirm")
    expect(page.locator("#page-title")).to_have_text("Your eID is frozen")
    page.goto(f"{places.issuer}/login")
    page.click("#use-passkey")
    expect(page.locator("#problem")).to_have_attribute("data-problem", "suspended")
    expect(page.locator("#problem")).to_be_focused()
