"""Journeys through the pages with a software authenticator, without a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import Client

from hkeid.kernel.errors import TooManyAttempts
from hkeid.testing.authenticator import AuthenticatorRefused, SoftwareAuthenticator
from hkeid_server.house import House
from hkeid_server.sandbox import issue_ticket

REDIRECT_URI = "https://rp.example.hk/eid/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

Authorize = Callable[..., str]


def problem(person: Any) -> str | None:
    found = re.search(r'data-problem="([^"]+)"', person.page.text)
    return found[1] if found else None


def back(person: Any) -> dict[str, list[str]]:
    """What the relying party was sent."""
    location = person.page.headers["Location"]
    assert location.startswith(REDIRECT_URI)
    return parse_qs(urlsplit(location).query)


def test_activation(resident: Any) -> None:
    resident.follow()
    assert "CHAN, Tai Man" in resident.page.text
    assert 'data-eid-state="active"' in resident.page.text
    assert resident.cookie("hkeid_session")


@pytest.mark.parametrize("code", ["", "   ", "short", "0000-0000-0000", "<script>", "碼" * 30])
def test_codes_that_are_not_right(stranger: Any, code: str) -> None:
    stranger.get("/activate")
    page = stranger.post("/activate", {"code": code})
    assert page.status_code == 422
    assert 'id="error-summary"' in page.text
    assert "<script>" not in page.text.partition("<main")[2]


def test_too_many_codes(stranger: Any, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_named: object) -> None:
        raise TooManyAttempts("ticket_attempts_exhausted", retry_after=60)

    monkeypatch.setattr(house.activation, "start", refuse)
    stranger.get("/activate")
    page = stranger.post("/activate", {"code": "0000-0000-0000"})
    assert page.status_code == 429
    assert "Too many attempts" in page.text


def test_passkey_made_too_late(stranger: Any, house: House, clock: Any) -> None:
    stranger.get("/activate")
    stranger.post("/activate", {"code": issue_ticket(house, "cheung-sam").reveal()})
    clock.wait(minutes=6)
    assert stranger.ceremony().status_code == 403
    assert problem(stranger) == "expired"
    assert stranger.ceremony().status_code == 303, "the code is still good"


def test_passkey_made_without_script(stranger: Any, house: House) -> None:
    stranger.get("/activate")
    code = issue_ticket(house, "cheung-sam").reveal()
    stranger.post("/activate", {"code": code})
    page = stranger.post("/activate/passkey", {"ceremony": "x", "response": "", "code": code})
    assert page.status_code == 403
    assert problem(stranger) == "expired"


def log_out(person: Any) -> None:
    person.get("/account")
    person.post("/account/sign-out")


def test_login_consent_and_code(
    resident: Any, front: Any, authorize: Authorize, house: House
) -> None:
    log_out(resident)
    resident.get(authorize(claims='{"userinfo":{"name":null,"birthdate":null}}'))
    assert resident.page.status_code == 303
    page = resident.follow()
    assert "Library &lt;One&gt;" in page.text
    assert "rp.example.hk" in page.text
    assert "form-action 'self' https:" in page.headers["Content-Security-Policy"]
    assert resident.ceremony().status_code == 303
    page = resident.follow()
    assert "CHAN, Tai Man" in page.text
    assert "陳大文" in page.text
    assert "1985" in page.text
    shown = dict(re.findall(r'name="(statement|shown)" value="([^"]*)"', page.text))
    action = re.search(r'action="([^"]+/decide)"', page.text)[1]
    resident.post(action, {**shown, "decision": "agree"})
    answer = back(resident)
    assert answer["state"] == ["a-state"]
    tokens = Client(front).post(
        "/token",
        data={
            "grant_type": "authorization_code",
            "code": answer["code"][0],
            "redirect_uri": REDIRECT_URI,
            "client_id": "rp",
            "code_verifier": VERIFIER,
        },
    )
    assert tokens.status_code == 200
    claims = Client(front).get(
        "/userinfo", headers={"Authorization": f"Bearer {tokens.json['access_token']}"}
    )
    assert claims.json["name"] == "CHAN, Tai Man"
    assert "birthdate" not in claims.json, "voluntary, and not switched on"

    account = resident.get("/account").text
    assert "Library &lt;One&gt;" in account
    assert "Name" in account
    resident.post("/account/services/rp/stop")
    assert "You share nothing with it now." in resident.follow().text


def test_form_post_keeps_the_doors_own_policy(resident: Any, authorize: Authorize) -> None:
    """The page that posts to the relying party says itself where it may post."""
    wish = {"response_mode": "form_post", "claims": '{"userinfo":{"name":null}}'}
    resident.get(authorize(**wish))
    page = resident.follow()
    action = re.search(r'action="([^"]+/decide)"', page.text)[1]
    resident.post(action, {"decision": "refuse"})
    assert REDIRECT_URI in resident.page.text
    (policy,) = resident.page.headers.getlist("Content-Security-Policy")
    assert "rp.example.hk" in policy


def test_consent_refused(resident: Any, authorize: Authorize) -> None:
    resident.get(authorize(claims='{"userinfo":{"name":null}}'))
    page = resident.follow()
    action = re.search(r'action="([^"]+/decide)"', page.text)[1]
    resident.post(action, {"decision": "refuse"})
    assert back(resident)["error"] == ["access_denied"]


def test_consent_without_any_data(resident: Any, authorize: Authorize) -> None:
    """OpenID Connect Core §11: ``prompt=consent`` may ask for nothing but to stay connected."""
    resident.get(authorize(prompt="consent"))
    page = resident.follow()
    shown = dict(re.findall(r'name="(statement|shown)" value="([^"]*)"', page.text))
    action = re.search(r'action="([^"]+/decide)"', page.text)[1]
    resident.post(action, {**shown, "decision": "agree"})
    assert "code" in back(resident)


def test_consent_to_something_else_is_asked_again(resident: Any, authorize: Authorize) -> None:
    resident.get(authorize(claims='{"userinfo":{"name":null}}'))
    page = resident.follow()
    action = re.search(r'action="([^"]+/decide)"', page.text)[1]
    statement = re.search(r'name="statement" value="([^"]*)"', page.text)[1]
    for wrong in ({"shown": "birthdate", "statement": statement}, {"shown": "name"}):
        page = resident.post(action, {"decision": "agree", "statement": "old", **wrong})
        assert page.status_code == 409
        assert "The page has changed" in page.text


def test_login_declined(stranger: Any, authorize: Authorize) -> None:
    stranger.get(authorize())
    page = stranger.follow()
    stranger.post(re.search(r'action="([^"]+/decline)"', page.text)[1])
    assert back(stranger)["error"] == ["access_denied"]


def test_choosing_the_account(resident: Any, authorize: Authorize) -> None:
    resident.get(authorize(prompt="select_account"))
    page = resident.follow()
    assert "Continue as CHAN, Tai Man" in page.text
    keep = re.search(r'action="([^"]+/keep)"', page.text)[1]
    change = re.search(r'action="([^"]+/change)"', page.text)[1]
    assert 'id="use-passkey"' in resident.post(change).text
    resident.post(keep)
    assert "code" in back(resident)


def test_interaction_belongs_to_one_browser(
    stranger: Any, front: Any, authorize: Authorize
) -> None:
    stranger.get(authorize())
    address = stranger.page.headers["Location"]
    thief = type(stranger)(front)
    page = thief.get(address)
    assert page.status_code == 409
    assert 'id="use-passkey"' not in page.text


@pytest.mark.parametrize("address", ["/interaction/oidc/nothing", "/interaction/saml/nothing"])
def test_interaction_that_is_not_there(stranger: Any, address: str) -> None:
    assert stranger.get(address).status_code in {404, 409}


def test_unknown_action(stranger: Any, authorize: Authorize) -> None:
    stranger.get(authorize())
    address = stranger.page.headers["Location"]
    stranger.follow()
    assert stranger.post(f"{address}/nonsense").status_code == 404


def test_step_up_says_what_is_needed(
    front: Any, stranger: Any, house: House, authorize: Authorize
) -> None:
    """A synced passkey logs in at the lowest rung only; an essential acr above it is refused."""
    stranger.phone = SoftwareAuthenticator(synced=True)
    stranger.get("/activate")
    stranger.post("/activate", {"code": issue_ticket(house, "chan-tai-man").reveal()})
    assert stranger.ceremony().status_code == 303
    acr = "urn:hkeid:acr:eid-bound"
    stranger.get(authorize(claims=f'{{"id_token":{{"acr":{{"essential":true,"value":"{acr}"}}}}}}'))
    assert 'id="stronger"' in stranger.follow().text
    stranger.ceremony()
    assert back(stranger)["error"] == ["unmet_authentication_requirements"]


def test_machine_readable_pages(stranger: Any) -> None:
    assert stranger.get("/.well-known/passkey-endpoints").json == {
        "enroll": "http://localhost:8000/account/devices/add",
        "manage": "http://localhost:8000/account",
    }
    assert "Disallow: /" in stranger.get("/robots.txt").text


def test_ui_locales(front: Any, stranger: Any, authorize: Authorize) -> None:
    stranger.get(authorize(ui_locales="fr zh-CN en"))
    assert '<html lang="zh-Hans">' in stranger.follow().text
    stranger.get(stranger.page.request.path + "?lang=en")
    stranger.get(authorize(ui_locales="zh-CN"))
    assert '<html lang="en">' in stranger.follow().text, "the person's own choice comes first"


def test_stranger_with_a_passkey_of_elsewhere(
    resident: Any, front: Any, house: House, authorize: Authorize
) -> None:
    """A passkey that was removed is unknown, and the device is told so."""
    resident.get("/account")
    device = re.search(r'data-device="([^"]+)"', resident.page.text)[1]
    resident.get(f"/account/devices/{device}/remove")
    assert "only device" in resident.page.text
    resident.post(f"/account/devices/{device}/remove")
    resident.get("/login")
    resident.ceremony()
    assert problem(resident) == "unknown"
    assert f"&#34;unknown&#34;: &#34;{device}&#34;" in resident.page.text


def test_account_needs_a_login(stranger: Any) -> None:
    for path in ("/account", "/account/freeze", "/account/devices/add"):
        assert stranger.get(path).headers["Location"] == "/login"


def test_login_page_sends_on_who_is_logged_in(resident: Any) -> None:
    assert resident.get("/login").headers["Location"] == "/account"


def test_session_cookie_changes_at_every_login(resident: Any) -> None:
    first = resident.cookie("hkeid_session")
    log_out(resident)
    assert not resident.cookie("hkeid_session")
    resident.get("/login")
    resident.ceremony()
    assert resident.cookie("hkeid_session") not in {None, "", first}


def test_second_device_after_a_while_needs_the_first_one(resident: Any, clock: Any) -> None:
    clock.wait(minutes=10)
    resident.get("/account/devices/add")
    assert "Step 1 of 2" in resident.page.text
    assert resident.ceremony().headers["Location"] == "/account/devices/add"
    resident.follow()
    assert "Step 2 of 2" in resident.page.text
    resident.ceremony(SoftwareAuthenticator(synced=True))
    page = resident.follow()
    assert "The new device can be used" in page.text
    assert page.text.count('class="card device"') == 2
    assert "Kept in your passkey account" in page.text


def test_second_device_on_the_same_phone_is_refused_by_the_phone(resident: Any) -> None:
    resident.get("/account/devices/add")
    with pytest.raises(AuthenticatorRefused):
        resident.ceremony()


def test_rename(resident: Any) -> None:
    resident.get("/account")
    device = re.search(r'data-device="([^"]+)"', resident.page.text)[1]
    resident.post(f"/account/devices/{device}/rename", {"name": "媽媽的手機 <b>"})
    assert "媽媽的手機 &lt;b&gt;" in resident.follow().text
    resident.get("/account")
    assert resident.post(f"/account/devices/{device}/rename", {"name": ""}).status_code == 400
    resident.get("/account")
    assert resident.post("/account/devices/AAAA/rename", {"name": "x"}).status_code == 404
    resident.get("/account")
    assert resident.post("/account/devices/!/rename", {"name": "x"}).status_code == 400


def test_other_browsers_can_be_logged_out(resident: Any, front: Any) -> None:
    other = type(resident)(front)
    other.phone = resident.phone
    other.get("/login")
    other.ceremony()
    resident.get("/account")
    address = re.search(r'action="(/account/sessions/[^"]+/end)"', resident.page.text)[1]
    resident.post(address)
    assert "That browser is logged out." in resident.follow().text
    assert other.get("/account").headers["Location"] == "/login"
    resident.get("/account")
    assert resident.post("/account/sessions/nobodys/end").status_code == 404


def test_freezing(resident: Any, front: Any) -> None:
    resident.get("/account/freeze")
    resident.post("/account/freeze")
    assert "Your eID is frozen" in resident.follow().text
    resident.get("/login")
    resident.ceremony()
    assert problem(resident) == "suspended"


def test_logout_by_the_relying_party_asks_first(resident: Any) -> None:
    resident.get("/logout?client_id=rp&post_logout_redirect_uri=https://rp.example.hk/bye&state=s")
    page = resident.follow()
    confirm = re.search(r'action="([^"]+/confirm)"', page.text)[1]
    decline = re.search(r'action="([^"]+/decline)"', page.text)[1]
    assert decline != confirm
    resident.post(confirm)
    assert resident.page.headers["Location"] == "https://rp.example.hk/bye?state=s"
    assert not resident.cookie("hkeid_session")


def test_logout_declined(resident: Any) -> None:
    resident.get("/logout")
    page = resident.follow()
    resident.post(re.search(r'action="([^"]+/decline)"', page.text)[1])
    assert "You are still logged in" in resident.page.text
    assert resident.get("/account").status_code == 200


def test_sandbox_gives_codes(stranger: Any) -> None:
    stranger.get("/sandbox")
    page = stranger.post("/sandbox/tickets", {"persona": "lee-sze"}, Accept="application/json")
    assert page.json["name"] == "LEE, Sze"
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", page.json["code"])
    stranger.get("/sandbox")
    assert (
        "Activation code for LEE, Sze"
        in stranger.post("/sandbox/tickets", {"persona": "lee-sze"}).text
    )
    stranger.get("/sandbox")
    assert stranger.post("/sandbox/tickets", {"persona": "nobody"}).status_code == 404


def test_nothing_personal_in_the_log(
    resident: Any, log: Any, authorize: Authorize, house: House
) -> None:
    resident.get(authorize(claims='{"userinfo":{"name":null}}', login_hint="sesame"))
    resident.follow()
    resident.get("/account")
    text = log.getvalue()
    for word in ("CHAN", "陳", "1985", "Q000101", "sesame", "a-state", "Mozilla"):
        assert word not in text
    for name in ("hkeid_session", "hkeid_browser"):
        assert resident.cookie(name) not in text
