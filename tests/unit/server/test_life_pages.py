"""The life of an eID through the pages: the whole server in this process, with the fakes that ship."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest

from hkeid.enrolment.notices.changing import CHANGES_A_DAY
from hkeid.enrolment.standing import Actor
from hkeid.identity.assurance import Acr
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.state import EidState
from hkeid.kernel.errors import TooManyAttempts, Unavailable
from hkeid.ports.faces import LivenessEvidence
from hkeid.residents import find_by_hkic
from hkeid.residents.records import CredentialStatus
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.fakes_proofing import fake_card, fake_face
from hkeid.testing.personas import PERSONAS
from hkeid_server.house import House
from hkeid_server.sandbox import issue_ticket, seed_sandbox
from hkeid_server.wiring.notices import make_dispatcher
from hkeid_server.wsgi import serve_house

CHAN, HO, MINOR = "chan-tai-man", "ho-sau-lan", "chan-siu-fung"


@pytest.fixture
def house(make_house: Callable[..., House], monkeypatch: pytest.MonkeyPatch) -> House:
    from hkeid_server.pages import registration

    real = registration.selfie_frames

    def evidence(**limits: int) -> LivenessEvidence:
        return replace(real(**limits), capture={"verdict": "live"})

    monkeypatch.setattr(registration, "selfie_frames", evidence)
    house = make_house(
        registry={"url": "personas"},
        documents={"reader": "fake"},
        faces={"matcher": "fake"},
        liveness={"check": "fake"},
    )
    seed_sandbox(house)
    return house


def prove(person: Any, key: str, start: str = "/register") -> Any:
    """As far as the decision."""
    person.get(start)
    assert person.post(start, {"consent": "2026-11"}).status_code == 303, person.page.text
    person.follow()
    person.post("/register/card", {"image": (BytesIO(fake_card(key)), "a.jpg")})
    text = person.get("/register/step").text
    fields = dict(re.findall(r'<input class="input" id="(\w+)" name="\w+" value="([^"]*)"', text))
    sex = re.search(r'<option value="(\w)" selected>', text)
    person.post("/register/details", {**fields, "sex": sex[1] if sex else ""})
    page = person.get("/register/step")
    challenge = person.post("/register/selfie/challenge").json
    person.page = page
    frames = (BytesIO(fake_face(key)), "a.jpg")
    sent = {"nonce": challenge["nonce"], "times": "[500]", "frames": frames}
    assert person.post("/register/selfie", sent).status_code == 303, person.page.text
    return person.follow()


def bind(person: Any) -> Any:
    for _ in range(2):
        assert person.ceremony().status_code == 303
        person.follow()
    return person.page


def dispatch(house: House) -> None:
    make_dispatcher(house.config, house.notices, house.store, house.clock, house.journal).round()


def letters(house: House, about: str | None = None) -> list[Any]:
    inbox = house.notices.inbox
    assert inbox is not None
    return [one for one in inbox.letters() if about in (None, one.about)]


def resident_of(house: House, key: str = CHAN) -> Any:
    number = HkicNumber.parse(PERSONAS[key].person.hkic_number.reveal())
    with house.store.transaction() as tx:
        found = find_by_hkic(tx, house.keys, number)
        return tx.residents.get(found)


def active(house: House, key: str = CHAN) -> int:
    owner = resident_of(house, key)
    with house.store.transaction() as tx:
        held = tx.credentials.of_resident(owner.id)
    return sum(one.status is CredentialStatus.ACTIVE for one in held)


def newcomer(person: Any) -> Any:
    return type(person)(person.client.application)


def shown_code(person: Any, **fields: str) -> str:
    person.get("/account/new-phone")
    text = person.post("/account/new-phone", fields).text
    found = re.search(r'id="new-phone-code">([^<]+)<', text)
    assert found, text
    return found[1]


# --- a new phone with the old one at hand --------------------------------------------------------


def test_a_new_phone_types_the_code_and_is_logged_in(house: House, resident: Any) -> None:
    code = shown_code(resident, old="keep")
    assert "Never tell this code to anybody" in resident.page.text
    square = re.search(r"<svg.*?</svg>", resident.page.text, re.DOTALL)
    assert square
    assert 'id="new-phone-address">http://localhost:8000/new-phone<' in resident.page.text
    phone = newcomer(resident)
    phone.get("/new-phone")
    page = phone.post("/new-phone", {"code": code.lower().replace("-", " ")})
    assert 'id="initials">C., T. M.<' in page.text
    shown = re.sub(r'data-options="[^"]*"', "", page.text)
    assert "CHAN" not in shown, "the name is for the passkey manager, not for the page"
    assert phone.ceremony().status_code == 303
    text = phone.follow().text
    assert "This phone can be used from now on" in text
    assert active(house) == 2
    assert resident.get("/account").status_code == 200
    dispatch(house)
    assert letters(house, "device_added")


def test_the_square_carries_no_code(resident: Any) -> None:
    """It only opens the page: two codes come with one and the same square."""
    pictures = []
    for _ in range(2):
        shown_code(resident)
        pictures.append(re.search(r"<svg.*?</svg>", resident.page.text, re.DOTALL)[0])
    assert pictures[0] == pictures[1]


def test_the_old_phone_is_retired(house: House, resident: Any) -> None:
    code = shown_code(resident, old="retire")
    phone = newcomer(resident)
    phone.get("/new-phone")
    phone.post("/new-phone", {"code": code})
    assert phone.ceremony().status_code == 303
    assert active(house) == 1
    assert resident.get("/account").headers["Location"] == "/login"


def test_the_passkey_comes_first_when_the_login_is_old(clock: Any, resident: Any) -> None:
    clock.wait(minutes=6)
    page = resident.get("/account/new-phone")
    assert "First show that it is you" in page.text
    assert 'id="offer-form"' not in page.text
    assert resident.ceremony().headers["Location"] == "/account/new-phone"
    assert 'id="offer-form"' in resident.follow().text


def test_the_passkey_comes_first_when_the_eid_was_upgraded_since_the_login(
    house: Any, resident: Any
) -> None:
    owner = resident_of(house, "chan-tai-man")
    with house.store.transaction() as tx:
        raised = replace(owner, state=EidState.UPGRADED, proofed=Acr.EID_PLUS)
        assert tx.residents.change(owner, raised)
    page = resident.get("/account/new-phone")
    assert "You logged in before your eID was upgraded." in page.text
    assert 'id="offer-form"' not in page.text
    assert resident.ceremony().headers["Location"] == "/account/new-phone"
    assert 'id="offer-form"' in resident.follow().text
    assert shown_code(resident, old="keep")


def test_no_code_after_the_login_grew_old_on_the_page(clock: Any, resident: Any) -> None:
    resident.get("/account/new-phone")
    clock.wait(minutes=6)
    page = resident.post("/account/new-phone", {"old": "keep"})
    assert "First show that it is you" in page.text
    assert "new-phone-code" not in page.text


def test_a_step_up_that_fails_says_why(clock: Any, resident: Any) -> None:
    clock.wait(minutes=6)
    resident.get("/account/new-phone")
    clock.wait(minutes=6)
    page = resident.ceremony()
    assert page.status_code == 403
    assert 'data-problem="expired"' in page.text


def test_a_step_up_leads_only_to_known_pages(resident: Any) -> None:
    resident.get("/account")
    assert resident.post("/account/again/anything").status_code == 404


@pytest.mark.parametrize(
    ("code", "words", "status"),
    [("", "Enter the code", 422), ("0000-0000-0000", "not right", 422), ("!", "not right", 422)],
)
def test_a_wrong_code(stranger: Any, code: str, words: str, status: int) -> None:
    stranger.get("/new-phone")
    page = stranger.post("/new-phone", {"code": code})
    assert page.status_code == status
    assert words in page.text


def test_a_code_is_good_once_and_for_ten_minutes(clock: Any, resident: Any) -> None:
    code = shown_code(resident)
    for done in (True, False):
        phone = newcomer(resident)
        phone.get("/new-phone")
        page = phone.post("/new-phone", {"code": code})
        if done:
            assert phone.ceremony().status_code == 303
        else:
            assert "used already" in page.text
    code = shown_code(resident)
    clock.wait(minutes=11)
    phone.get("/new-phone")
    assert phone.post("/new-phone", {"code": code}).status_code == 422


def test_the_old_phone_has_to_stay_logged_in(resident: Any) -> None:
    code = shown_code(resident)
    resident.get("/account")
    resident.post("/account/sign-out")
    phone = newcomer(resident)
    phone.get("/new-phone")
    assert "Your old phone is logged out" in phone.post("/new-phone", {"code": code}).text


def test_guessing_codes_ends(house: House, stranger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: Any, **__: Any) -> None:
        raise TooManyAttempts("ticket_attempts_exhausted", retry_after=60)

    monkeypatch.setattr(type(house.new_phone), "start", exhausted)
    stranger.get("/new-phone")
    page = stranger.post("/new-phone", {"code": "0000-0000-0000"})
    assert page.status_code == 429
    assert "Too many attempts" in page.text


# --- a lost phone --------------------------------------------------------------------------------


def recovered(house: House, resident: Any) -> Any:
    finder = newcomer(resident)
    assert 'id="recover"' in finder.get("/lost").text
    assert "Recover my eID" in finder.get("/register/recover").text
    assert "Step 5 of 7" in prove(finder, CHAN, "/register/recover").text
    finder.phone = SoftwareAuthenticator()
    bind(finder)
    return finder


def test_a_lost_phone_stops_when_the_new_one_is_bound(
    house: House, resident: Any, clock: Any
) -> None:
    finder = recovered(house, resident)
    text = finder.page.text
    assert "Your eID is recovered" in text
    assert "All your earlier passkeys are removed" in text
    assert "Basic logins only until 5 November 2026" in text
    assert active(house) == 1
    assert resident.get("/account").headers["Location"] == "/login"
    resident.follow()
    assert resident.ceremony().status_code == 403
    assert 'id="cooling"' in finder.get("/account").text
    clock.wait(hours=49)
    finder.get("/login")
    finder.ceremony()
    assert 'id="cooling"' not in finder.get("/account").text


def test_while_it_cools_nothing_is_made_fast(house: House, resident: Any) -> None:
    finder = recovered(house, resident)
    finder.get("/account/new-phone")
    page = finder.post("/account/new-phone", {"old": "keep"})
    assert page.status_code == 409
    assert "recovered a short while ago" in page.text
    finder.get("/account/notices")
    finder.post("/account/notices/email", {"email": "thief@mail.example.hk"})
    code = re.match(r"\d{6}", letters(house, "email_code")[0].body)[0]
    page = finder.post("/account/notices/email/code", {"code": code})
    assert page.status_code == 422
    assert "waiting time" in page.text


def test_entries_to_it(stranger: Any) -> None:
    assert 'href="/lost"' in stranger.get("/").text
    assert 'id="lost-phone"' in stranger.get("/login").text


def test_nobody_recovers_what_is_not_there(stranger: Any) -> None:
    page = prove(stranger, HO, "/register/recover")
    assert "There is no eID to recover" in page.text


def test_recovery_needs_consent_as_well(stranger: Any) -> None:
    stranger.get("/register/recover")
    page = stranger.post("/register/recover", {})
    assert page.status_code == 422
    assert 'action="/register/recover"' in page.text


def test_recovery_that_is_not_offered(make_house: Callable[..., House], stranger: Any) -> None:
    person = type(stranger)(serve_house(make_house(documents={"reader": "none"})))
    assert 'id="recover"' not in person.get("/lost").text
    assert "You cannot recover your eID here" in person.get("/register/recover").text


# --- notices -------------------------------------------------------------------------------------


def leave_email(house: House, person: Any, address: str = "chan@Mail.example.hk") -> Any:
    person.get("/account/notices")
    page = person.post("/account/notices/email", {"email": address})
    assert 'id="code-address"' in page.text, page.text
    code = re.search(r"\d{6}", letters(house, "email_code")[0].body)[0]
    return person.post("/account/notices/email/code", {"code": code})


def test_an_address_is_proved_by_a_code(house: House, resident: Any) -> None:
    assert "We have no address of yours" in resident.get("/account/notices").text
    assert leave_email(house, resident).status_code == 303
    text = resident.follow().text
    assert 'id="email-now">chan@mail.example.hk<' in text
    assert "From now on we write" in text
    assert "by e-mail" in resident.get("/account").text
    dispatch(house)
    told = {one.channel: one.address for one in letters(house, "contact_changed")}
    assert told["email"] == "chan@mail.example.hk"


def test_a_wrong_code_changes_nothing(house: House, resident: Any) -> None:
    resident.get("/account/notices")
    resident.post("/account/notices/email", {"email": "chan@mail.example.hk"})
    right = re.match(r"\d{6}", letters(house, "email_code")[0].body)[0]
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    page = resident.post("/account/notices/email/code", {"code": wrong, "email": "chan@x.hk"})
    assert page.status_code == 422
    assert "not the code that we sent" in page.text
    assert "six digits" in resident.post("/account/notices/email/code", {"code": "x"}).text
    assert "We have no address of yours" in resident.get("/account/notices").text


@pytest.mark.parametrize("address", ["", "chan", "chan@", "a@b@c.hk", "x" * 400 + "@mail.hk"])
def test_what_is_no_address(resident: Any, address: str) -> None:
    resident.get("/account/notices")
    page = resident.post("/account/notices/email", {"email": address})
    assert page.status_code == 422
    assert 'href="#email"' in page.text


def test_mail_that_cannot_be_sent(
    house: House, resident: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise Unavailable("notice_not_sent")

    monkeypatch.setattr(type(house.notices.inbox), "send", broken)
    resident.get("/account/notices")
    page = resident.post("/account/notices/email", {"email": "chan@mail.example.hk"})
    assert page.status_code == 503
    assert "could not send anything there" in page.text


def test_telephone_language_and_removal(house: House, resident: Any) -> None:
    resident.get("/account/notices")
    assert resident.post("/account/notices/phone", {"phone": "+852 9123 4567"}).status_code == 303
    assert 'id="phone-now">+85291234567<' in resident.follow().text
    assert resident.post("/account/notices/phone", {"phone": "9"}).status_code == 422
    assert resident.post("/account/notices/language", {"language": "zh-Hans"}).status_code == 303
    assert 'value="zh-Hans" checked' in resident.follow().text
    assert resident.post("/account/notices/remove", {"channel": "sms"}).status_code == 303
    assert 'id="phone-now"' not in resident.follow().text
    assert resident.post("/account/notices/remove", {"channel": "inbox"}).status_code == 404
    dispatch(house)
    assert letters(house, "contact_changed")[0].language == "zh-Hans"


def test_changes_want_a_recent_login(clock: Any, resident: Any) -> None:
    resident.get("/account/notices")
    clock.wait(minutes=6)
    for path, fields in (
        ("email", {"email": "chan@mail.example.hk"}),
        ("phone", {"phone": "+85291234567"}),
        ("remove", {"channel": "email"}),
    ):
        page = resident.post(f"/account/notices/{path}", fields)
        assert "First show that it is you" in page.text


def test_browsers_are_told_only_with_a_key(stranger: Any, resident: Any) -> None:
    assert stranger.get("/sw.js").status_code == 404
    assert 'id="push-form"' not in resident.get("/account/notices").text
    assert resident.post("/account/notices/browser", {"subscription": "{}"}).status_code == 404


def test_a_browser_subscribes(make_house: Callable[..., House], resident: Any) -> None:
    house = make_house(
        notices={"push_key": push_key(), "push_contact": "mailto:help@eid.example.hk"}
    )
    seed_sandbox(house)
    person = type(resident)(serve_house(house))
    worker = person.get("/sw.js")
    assert worker.status_code == 200
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert worker.headers["Cache-Control"] == "no-cache"
    assert "default-src 'none'" in worker.headers["Content-Security-Policy"]
    assert worker.headers["X-Content-Type-Options"] == "nosniff"
    person.get("/activate")
    person.post("/activate", {"code": issue_ticket(house, CHAN).reveal()})
    person.ceremony()
    key = re.search(r'data-push="([\w-]{87})"', person.get("/account/notices").text)
    assert key, "an uncompressed point of P-256, base64url (RFC 8292 §3.2)"
    page = person.post("/account/notices/browser", {"subscription": "{}"})
    assert page.status_code == 422
    good = (
        '{"endpoint":"https://push.example.com/1","keys":{"p256dh":"'
        + key[1]
        + '","auth":"AAAAAAAAAAAAAAAAAAAAAA"}}'
    )
    assert person.post("/account/notices/browser", {"subscription": good}).status_code == 303
    assert "Browsers that show you messages: 1" in person.follow().text


@pytest.mark.parametrize(
    ("language", "full"),
    [("en", "Remove one first"), ("zh-HK", "請先移除其中一個"), ("zh-CN", "请先移除其中一个")],
)
def test_a_full_list_of_browsers_asks_to_remove_one(
    make_house: Callable[..., House], resident: Any, clock: Any, language: str, full: str
) -> None:
    house = make_house(
        notices={"push_key": push_key(), "push_contact": "mailto:help@eid.example.hk"}
    )
    seed_sandbox(house)
    person = type(resident)(serve_house(house), language)
    person.get("/activate")
    person.post("/activate", {"code": issue_ticket(house, CHAN).reveal()})
    person.ceremony()
    person.get("/account/notices")
    key = re.search(r'data-push="([\w-]{87})"', person.page.text)[1]
    page = None
    for number in range(6):
        person.get("/account/notices")
        keys = {"p256dh": key, "auth": "A" * 22}
        sent = json.dumps({"endpoint": f"https://push{number}.example.com/x", "keys": keys})
        page = person.post("/account/notices/browser", {"subscription": sent})
        assert page.status_code == (422 if number == 5 else 303)
    assert full in page.text
    assert 'id="browsers-full"' in page.text
    assert 'id="push-form"' not in page.text
    assert page.text.count("push5.example.com") == 0, "none was pushed out"
    rows = re.findall(r'name="browser" value="([0-9a-f]{24})"', page.text)
    assert len(rows) == 5
    told = re.search(r'<ul class="timeline" id="lately">(.*?)</ul>', page.text, re.DOTALL)[1]
    assert told.count("<li>") == 6, "five browsers and the activation"
    one = {"channel": "web_push", "browser": rows[0]}
    assert person.post("/account/notices/remove", one).status_code == 303
    assert "push0.example.com" not in person.follow().text
    assert "push4.example.com" in person.page.text
    assert 'id="push-form"' in person.page.text
    clock.wait(minutes=6)
    page = person.post("/account/notices/remove", {**one, "browser": rows[1]})
    assert 'id="passkey-form"' in page.text
    page = person.get("/account/notices")
    page = person.post("/account/notices/browser", {"subscription": sent})
    assert 'id="passkey-form"' in page.text
    assert "push5.example.com" not in person.get("/account/notices").text


def push_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def test_the_sandbox_shows_its_letters(house: House, resident: Any) -> None:
    assert "No letters yet" in resident.get("/sandbox/inbox").text
    leave_email(house, resident)
    dispatch(house)
    assert "/stop?token=" in resident.get("/sandbox/inbox").text


# --- the link that stops -------------------------------------------------------------------------


def stop_link(house: House) -> str:
    dispatch(house)
    link = next(one.link for one in letters(house) if one.link and "/stop?" in one.link)
    return str(link).removeprefix("http://localhost:8000")


def opened(reader: Any, link: str) -> Any:
    """The page at the end of a link."""
    return reader.follow() if reader.get(link).status_code == 303 else reader.page


def test_the_link_in_a_notice_freezes_without_a_login(house: House, resident: Any) -> None:
    link = stop_link(house)
    reader = newcomer(resident)
    page = opened(reader, link)
    assert 'data-stop="ask"' in page.text
    assert resident_of(house).state.value == "active", "looking does nothing"
    token = link.partition("=")[2]
    page = reader.get("/stop?lang=zh-Hans")
    assert 'data-stop="ask"' in page.text
    assert "现在冻结" in page.text
    assert 'data-stop="stopped"' in reader.post("/stop", {"token": token}).text
    assert resident_of(house).state.value == "suspended"
    assert resident.get("/account").headers["Location"] == "/login"
    assert 'data-stop="unknown"' in reader.get("/stop").text, "the cookie is gone"
    assert 'data-stop="used"' in opened(reader, link).text
    assert reader.page.status_code == 409
    dispatch(house)
    assert letters(house, "eid_suspended")


def test_it_is_on_the_record_whose_word_it_was(house: House, resident: Any) -> None:
    link = stop_link(house)
    opened(resident, link)
    resident.post("/stop", {"token": link.partition("=")[2]})
    with house.store.transaction() as tx:
        kept = [one for w in tx.audit_records.writers() for one in tx.audit_records.of_writer(w)]
    found = [str(one) for one in kept if "stopped_by_notice" in str(one)]
    assert len(found) == 1
    assert '"by":"resident"' in found[0]


def test_a_link_used_once_does_not_freeze_again(house: House, resident: Any) -> None:
    link = stop_link(house)
    token = link.partition("=")[2]
    opened(resident, link)
    resident.post("/stop", {"token": token})
    house.standing.resume(resident_of(house).id, by=Actor.OFFICER, reason="looked_at_counter")
    resident.get("/help")
    resident.get("/activate")
    assert 'data-stop="used"' in resident.post("/stop", {"token": token}).text
    assert resident_of(house).state.value == "active"


def test_frozen_already(house: House, resident: Any) -> None:
    link = stop_link(house)
    house.standing.suspend(resident_of(house).id, by=Actor.OPERATOR, reason="court_order")
    opened(resident, link)
    assert 'data-stop="frozen"' in resident.post("/stop", {"token": link.partition("=")[2]}).text


def test_old_and_wrong_links(house: House, resident: Any, clock: Any) -> None:
    link = stop_link(house)
    for wrong in ("/stop", "/stop?token=", "/stop?token=x", f"/stop?token={'é' * 500}"):
        page = opened(resident, wrong)
        assert page.status_code == 404
        assert 'data-stop="unknown"' in page.text
    clock.wait(days=8)
    assert 'data-stop="expired"' in opened(resident, link).text


def test_the_token_leaves_the_address_at_once(
    house: House, resident: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = stop_link(house)
    token = link.partition("=")[2]
    reader = newcomer(resident)
    said: list[object] = []
    monkeypatch.setattr(house.journal, "event", lambda *words, **more: said.append((words, more)))
    page = reader.get(link)
    assert (page.status_code, page.headers["Location"]) == (303, "/stop")
    assert page.headers["Cache-Control"] == "no-store"
    cookie = next(one for one in page.headers.getlist("Set-Cookie") if "stop=" in one)
    assert f"stop={token}; " in cookie
    for word in ("HttpOnly", "SameSite=Lax", "Max-Age=600"):
        assert word in cookie
    assert token not in page.text
    page = reader.follow()
    assert token in page.text, "in the form, which another tab's link must not change"
    assert f"token={token}" not in page.text
    assert said
    assert token not in repr(said)


def test_scanners_of_mail_change_nothing(house: House, resident: Any) -> None:
    link = stop_link(house)
    for method in ("get", "head", "options"):
        getattr(resident.client, method)(link)
        getattr(resident.client, method)("/stop")
    assert resident_of(house).state.value == "active"
    assert resident.client.post("/stop", data={"token": link.partition("=")[2]}).status_code == 403
    assert resident_of(house).state.value == "active"
    assert 'data-stop="ask"' in opened(newcomer(resident), link).text


@pytest.mark.parametrize(
    "token", ["x; Path=/account", "a=b", "é", "x\r\nSet-Cookie: y=1", "k" * 200]
)
def test_what_is_no_token_gets_into_no_cookie(resident: Any, token: str) -> None:
    page = resident.get(f"/stop?token={quote(token)}")
    assert page.status_code == 303
    cookie = next(one for one in page.headers.getlist("Set-Cookie") if "stop=" in one)
    assert "stop=; " in cookie
    assert "Max-Age=0" in cookie


# --- guardians -----------------------------------------------------------------------------------


def guardian_code(person: Any) -> str:
    text = person.post("/register/guardian-code").text
    found = re.search(r'id="guardian-code">([^<]+)<', text)
    assert found, text
    return found[1]


@pytest.fixture
def minor(house: House, stranger: Any) -> Any:
    page = prove(stranger, MINOR)
    assert "Waiting for your parent or guardian" in page.text
    assert 'id="guardian-code"' not in page.text
    return stranger


def ask_guardian(resident: Any, code: str) -> Any:
    assert 'id="code-form"' in resident.get("/account/minor").text
    return resident.post("/account/minor", {"code": code})


def test_a_guardian_approves(house: House, minor: Any, resident: Any) -> None:
    minor.post("/register/contact", {"email": "fung@mail.example.hk"})
    code = guardian_code(minor)
    page = ask_guardian(resident, code)
    assert "CHAN, Siu Fung" in page.text
    assert "18 June 2013" in page.text
    page = resident.post("/account/minor/decide", {"code": code, "decision": "approve"})
    assert page.status_code == 422
    assert "Tick the box" in page.text
    sent = {"code": code, "decision": "approve", "declare": "yes"}
    page = resident.post("/account/minor/decide", sent)
    assert 'data-approved="yes"' in page.text
    (letter,) = letters(house, "guardian_decided")
    assert letter.address == "fung@mail.example.hk"
    assert letter.link == "http://localhost:8000/register/step"
    minor.get("/register/step")
    bind(minor)
    assert 'data-eid-state="active"' in minor.page.text


def test_a_guardian_does_not_approve(minor: Any, resident: Any) -> None:
    code = guardian_code(minor)
    ask_guardian(resident, code)
    page = resident.post("/account/minor/decide", {"code": code, "decision": "refuse"})
    assert 'data-approved="no"' in page.text
    assert "did not agree" in minor.get("/register/step").text


def test_a_new_code_takes_the_place_of_the_old(minor: Any, resident: Any) -> None:
    old = guardian_code(minor)
    new = guardian_code(minor)
    assert "no such code" in ask_guardian(resident, old).text
    assert "CHAN, Siu Fung" in ask_guardian(resident, new).text


def test_looking_again_keeps_the_code(minor: Any, resident: Any) -> None:
    code = guardian_code(minor)
    minor.get("/register/step")
    assert "CHAN, Siu Fung" in ask_guardian(resident, code).text


def test_a_guardian_needs_a_fresh_login(clock: Any, minor: Any, resident: Any) -> None:
    code = guardian_code(minor)
    ask_guardian(resident, code)
    clock.wait(minutes=6)
    sent = {"code": code, "decision": "approve", "declare": "yes"}
    page = resident.post("/account/minor/decide", sent)
    assert "First show that it is you" in page.text
    assert "Waiting for your parent" in minor.get("/register/step").text


@pytest.mark.parametrize(
    ("code", "words"),
    [("", "Enter the code"), ("!", "no such code"), ("0000-0000-0000", "no such")],
)
def test_no_such_code(resident: Any, code: str, words: str) -> None:
    resident.get("/account/minor")
    page = resident.post("/account/minor", {"code": code})
    assert page.status_code == 422
    assert words in page.text


def test_only_who_waits_for_a_guardian_gets_a_code(stranger: Any) -> None:
    stranger.get("/register")
    stranger.post("/register", {"consent": "2026-11"})
    stranger.follow()
    assert stranger.post("/register/guardian-code").status_code in {303, 409}
    assert 'id="guardian-code"' not in stranger.page.text


# --- decisions are told --------------------------------------------------------------------------


def referred(house: House, person: Any) -> str:
    house.proofing.registry.break_down()
    person.get("/register")
    person.post("/register", {"consent": "2026-11"})
    person.follow()
    person.post("/register/card", {"image": (BytesIO(fake_card(HO)), "a.jpg")})
    text = person.get("/register/step").text
    fields = dict(re.findall(r'<input class="input" id="(\w+)" name="\w+" value="([^"]*)"', text))
    person.post("/register/details", {**fields, "sex": "F"})
    for _ in range(3):
        page = person.get("/register/step")
        challenge = person.post("/register/selfie/challenge").json
        person.page = page
        frames = (BytesIO(fake_face(HO)), "a.jpg")
        sent = {"nonce": challenge["nonce"], "times": "[500]", "frames": frames}
        person.post("/register/selfie", sent)
    person.get("/register/step")
    person.post("/register/contact", {"email": "ho@mail.example.hk"})
    found = house.registration.current(browser=person.cookie("hkeid_browser"))
    assert found is not None
    assert found.step.value == "referred"
    return str(found.id)


def test_an_officers_decision_is_told_by_mail(house: House, stranger: Any) -> None:
    case = referred(house, stranger)
    house.registration.decide(case, accept=False, reason="faces_differ", officers=("o1",))
    (letter,) = letters(house, "case_decided")
    assert letter.address == "ho@mail.example.hk"
    assert letter.language == "en"
    assert "refused" not in letter.body


def test_a_decision_stands_when_the_letter_cannot_be_sent(
    house: House, stranger: Any, monkeypatch: pytest.MonkeyPatch, log: Any
) -> None:
    case = referred(house, stranger)

    def broken(*_: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(type(house.notices.inbox), "send", broken)
    house.registration.decide(case, accept=False, reason="faces_differ", officers=("o1",))
    assert house.registration.view(case).step.value == "refused"
    assert any("applicant:told" in str(one) for one in log.events())


# --- again after the end, and what freezing says -------------------------------------------------


def test_who_has_an_eid_gets_no_second(resident: Any) -> None:
    person = newcomer(resident)
    page = prove(person, CHAN)
    assert "You have an eID already" in page.text
    assert 'href="/lost"' in page.text


def test_a_new_eid_after_the_old_one_ended(house: House, resident: Any) -> None:
    former = resident_of(house)
    house.standing.revoke(former.id, by=Actor.OPERATOR, reason="asked_by_resident")
    resident.get("/login")
    assert "frozen or ended" in resident.ceremony().text or resident.page.status_code == 403
    person = newcomer(resident)
    assert "Step 5 of 7" in prove(person, CHAN).text
    bind(person)
    assert "Your eID is active" in person.page.text
    assert resident_of(house).id != former.id
    resident.get("/login")
    assert resident.ceremony().status_code == 403, "the old passkey opens nothing"


def test_nothing_is_recovered_after_the_end(house: House, resident: Any) -> None:
    house.standing.revoke(resident_of(house).id, by=Actor.OPERATOR, reason="asked_by_resident")
    page = prove(newcomer(resident), CHAN, "/register/recover")
    assert "There is no eID to recover" in page.text
    assert 'href="/register" id="begin-again"' in page.text


def test_a_frozen_eid_is_neither_registered_nor_recovered_by_a_machine(
    house: House, resident: Any
) -> None:
    house.standing.suspend(resident_of(house).id, by=Actor.RESIDENT, reason="frozen_by_resident")
    for start in ("/register", "/register/recover"):
        assert "An officer looks at it" in prove(newcomer(resident), CHAN, start).text


@pytest.mark.parametrize(
    ("language", "enough"),
    [
        ("en", "changed many times today"),
        ("zh-HK", "你今天已多次更改通知地址"),
        ("zh-CN", "你今天已多次更改通知地址"),
    ],
)
def test_many_changes_on_one_day_are_enough(
    make_house: Callable[..., House], resident: Any, language: str, enough: str
) -> None:
    house = make_house()
    seed_sandbox(house)
    person = type(resident)(serve_house(house), language)
    person.get("/activate")
    person.post("/activate", {"code": issue_ticket(house, CHAN).reveal()})
    person.ceremony()
    for number in range(CHANGES_A_DAY):
        person.get("/account/notices")
        page = person.post("/account/notices/phone", {"phone": f"+85291{number:06}"})
        assert page.status_code == 303
        dispatch(house)
    for path, fields in (("phone", {"phone": "+85291234567"}), ("remove", {"channel": "sms"})):
        person.get("/account/notices")
        page = person.post(f"/account/notices/{path}", fields)
        assert (page.status_code, enough in page.text) == (429, True)
    page = leave_email(house, person)
    assert (page.status_code, enough in page.text) == (429, True)


def test_while_many_wait_to_be_told_the_page_says_so(
    house: House, resident: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hkeid.enrolment.notices.former.MOST_FORMER", 1)
    for number in range(2):
        resident.get("/account/notices")
        fields = {"phone": f"+8529123456{number}"}
        assert resident.post("/account/notices/phone", fields).status_code == 303
    resident.get("/account/notices")
    page = resident.post("/account/notices/phone", {"phone": "+85291234569"})
    assert (page.status_code, "not been told of the last changes" in page.text) == (429, True)
