"""What must not work at the console."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from hkeid.officers import Role
from hkeid_server.admin import AdminApplication
from hkeid_server.console.visitors import safe_next

CONSOLE, PUBLIC = "http://localhost:8001", "http://localhost:8000"


def test_a_residents_cookies_open_no_console(app: Any, resident: Any, visitor: Any) -> None:
    """Cookies ignore ports, so both come along on localhost."""
    for name in ("hkeid_session", "hkeid_browser"):
        visitor.client.set_cookie(name, resident.cookie(name), domain="localhost")
    assert visitor.get("/console/today").headers["Location"] == "/console/login"
    for name, other in (("session", "session"), ("browser", "browser")):
        value = resident.cookie(f"hkeid_{other}")
        visitor.client.set_cookie(f"hkeid_officer_{name}", value, domain="localhost")
    assert visitor.get("/console/today").headers["Location"] == "/console/login"


def test_an_officers_session_opens_no_residents_page(hire: Callable[..., Any], front: Any) -> None:
    officer = hire(Role.SENIOR_OFFICER)
    client = Client(front, response_wrapper=TestResponse)
    for mine, theirs in (("browser", "browser"), ("session", "session")):
        value = officer.cookie(f"hkeid_officer_{mine}")
        client.set_cookie(f"hkeid_{theirs}", value, domain="localhost")
    page = client.get("/account", base_url=PUBLIC)
    assert (page.status_code, page.headers["Location"]) == (303, "/login")


def test_a_residents_passkey_does_not_log_in(visitor: Any, resident: Any) -> None:
    visitor.get("/console/login")
    page = visitor.ceremony(resident.phone)
    assert page.status_code == 403
    assert 'data-problem="unknown"' in page.text


def test_no_page_of_residents_is_here_and_none_of_officers_there(
    hire: Callable[..., Any], front: Any
) -> None:
    officer = hire()
    for path in ("/account", "/login", "/activate", "/sandbox", "/authorize", "/jwks"):
        assert officer.get(path).status_code == 404, path
    client = Client(front, response_wrapper=TestResponse)
    for path in ("/console/login", "/console/today", "/console/queue"):
        assert client.get(path, base_url=PUBLIC).status_code == 404, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": PUBLIC},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused(
    hire: Callable[..., Any], headers: dict[str, str]
) -> None:
    officer = hire()
    officer.get("/console/queue")
    assert officer.post("/console/log-out", **headers).status_code == 403
    assert officer.get("/console/queue").status_code == 200


def test_a_form_without_its_token_is_refused(hire: Callable[..., Any], resident: Any) -> None:
    officer = hire()
    officer.get("/console/queue")
    assert officer.post("/console/log-out", {"csrf": ""}).status_code == 403
    officer.get("/console/queue")
    assert officer.post("/console/log-out", {"csrf": "A" * 43}).status_code == 403


def test_a_stolen_session_cookie_is_worth_nothing(hire: Callable[..., Any], visitor: Any) -> None:
    officer = hire()
    value = officer.cookie("hkeid_officer_session")
    visitor.client.set_cookie("hkeid_officer_session", value, domain="localhost")
    assert visitor.get("/console/today").headers["Location"] == "/console/login"
    assert officer.get("/console/today").headers["Location"] == "/console/login", "it has ended"


def test_evidence_of_a_case_in_other_hands_is_not_shown(
    hire: Callable[..., Any], referred: Callable[..., str]
) -> None:
    case = referred()
    first, second = hire(), hire(Role.SENIOR_OFFICER, name="SUI, Ling")
    first.take(case)
    for name in ("card", "portrait", "selfie"):
        assert second.get(f"/console/cases/{case}/pictures/{name}").status_code == 403
    second.get(f"/console/cases/{case}")
    assert 'id="evidence"' not in second.page.text
    page = second.vote(case, "accept", "same_person", lease="guessed")
    assert page.status_code == 409
    assert "moved on" in page.text


def test_the_same_officer_twice_and_a_replayed_vote(
    hire: Callable[..., Any], referred: Callable[..., str]
) -> None:
    case, officer = referred(), hire()
    officer.take(case)
    lease = re.search(r'name="lease" value="([^"]+)"', officer.page.text)[1]
    officer.vote(case, "accept", "same_person")
    officer.get("/console/queue")
    page = officer.vote(case, "accept", "same_person", lease=lease)
    assert page.status_code == 409
    page = officer.get(f"/console/cases/{case}")
    assert 'id="take-form"' not in page.text
    page = officer.post(f"/console/cases/{case}/take", {"reason": "review_of_registration"})
    assert page.status_code == 409


def test_a_stale_step_up_casts_no_vote(
    hire: Callable[..., Any], referred: Callable[..., str], house: Any
) -> None:
    case, officer = referred(), hire()
    officer.take(case)
    house.clock.wait(minutes=6)
    page = officer.vote(case, "accept", "same_person")
    assert page.headers["Location"].startswith("/console/step-up")
    page = officer.repeat()
    assert page.status_code == 403
    assert 'id="carried"' in page.text
    with house.store.transaction() as tx:
        assert tx.reviews.votes(case) == ()
        assert tx.reviews.decision(case) is None


def test_a_decision_goes_along_through_a_step_up(
    hire: Callable[..., Any], referred: Callable[..., str], house: Any
) -> None:
    case, officer = referred(), hire()
    officer.take(case)
    house.clock.wait(minutes=6)
    officer.vote(case, "accept", "same_person", note="seen twice")
    officer.repeat()
    hidden = dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', officer.page.text)
    )
    page = officer.post("/console/step-up", {**hidden, "response": "{}"})
    assert (page.status_code, 'id="carried"' in page.text) == (403, True), "no passkey, no vote"
    page = officer.ceremony()
    assert (page.status_code, page.headers["Location"]) == (307, f"/console/cases/{case}/vote")
    page = officer.repeat()
    assert page.headers["Location"].startswith("/console/queue?done=")
    with house.store.transaction() as tx:
        votes, decided = tx.reviews.votes(case), tx.reviews.decision(case)
    assert decided is not None or [one.reason.value for one in votes] == ["same_person"]


def test_a_step_up_repeats_nothing_else(hire: Callable[..., Any], app: Any) -> None:
    officer = hire()
    officer.get("/console/today")
    for path in ("/console/records", "/console/cases/x/take", "//evil.example", "/account", "x"):
        page = officer.post(f"/console/step-up/carrying?next={path}", {"note": "kept"})
        assert "kept" not in page.text
        assert officer.ceremony().status_code == 303
        officer.get("/console/today")


def test_what_was_filled_in_is_there_when_something_is_wrong(
    hire: Callable[..., Any], referred: Callable[..., str]
) -> None:
    case, officer = referred(), hire()
    officer.take(case)
    page = officer.vote(case, "refuse", "same_person", note="<b>seen")
    assert page.status_code == 400
    assert re.search(r'value="refuse" required checked', page.text)
    assert 'value="same_person" selected' in page.text
    assert 'value="review_of_registration" selected' in page.text
    assert 'value="&lt;b&gt;seen"' in page.text


def test_an_auditor_reviews_nothing(hire: Callable[..., Any], referred: Callable[..., str]) -> None:
    auditor, case = hire(Role.AUDITOR), referred()
    assert auditor.get("/console/queue").status_code == 403
    assert auditor.get(f"/console/cases/{case}/pictures/card").status_code == 403
    auditor.get("/console/audit")
    page = auditor.post(f"/console/cases/{case}/take", {"reason": "review_of_registration"})
    assert page.status_code == 403


def test_the_officer_persona_cannot_open_her_own_record(hire: Callable[..., Any]) -> None:
    from hkeid.testing.personas import PERSONAS

    own = PERSONAS["kwok-kwun"].hkic_number
    officer = hire(Role.SENIOR_OFFICER, own_number=own)
    officer.get("/console/records")
    page = officer.post("/console/records", {"number": own.reveal(), "reason": "complaint"})
    assert page.status_code == 400
    assert "your own record" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example",
        "/account",
        "/console/cases/\\evil",
        "/console/queue//x",
        "",
        "javascript:alert(1)",
    ],
)
def test_a_step_up_leads_nowhere_else(path: str) -> None:
    assert safe_next(path) == "/console/today"
    assert safe_next("/console/records") == "/console/records"


def test_cookies_are_strict_and_headers_tight(visitor: Any) -> None:
    page = visitor.get("/console/login")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("hkeid_officer_browser=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Frame-Options"] == "DENY"


def test_in_production_cookies_belong_to_the_host_alone() -> None:
    from hkeid_server.browser import CookieNames

    names = CookieNames.for_console("https://officers.example.hk")
    assert not names.door, "officers log in here alone: there is no door to remember"
    value = names.set_cookie(names.session, "v")[1]
    assert value.startswith("__Host-hkeid-officer-session=v")
    assert "Secure" in value
    assert "SameSite=Strict" in value


def test_nothing_of_a_case_stands_in_the_log(
    hire: Callable[..., Any], referred: Callable[..., str], log: Any
) -> None:
    case, officer = referred(), hire()
    officer.take(case)
    officer.get(f"/console/cases/{case}/pictures/card")
    officer.get(f"/console/cases/{case}")
    officer.vote(case, "accept", "same_person", note="A note about it")
    text = log.getvalue()
    for secret in ("HO, Sau Lan", "SPECIMEN", "A note", case, "Q0001"):
        assert secret not in text, secret


def test_the_admin_listener_keeps_health_and_metrics_for_itself(app: Any) -> None:
    admin = Client(AdminApplication({}, app), response_wrapper=TestResponse)
    assert json.loads(admin.get("/health/live", base_url=CONSOLE).data) == {"live": True}
    assert admin.get("/metrics", base_url=CONSOLE).status_code == 200
    assert admin.get("/console/login", base_url=CONSOLE).status_code == 200
    bare = Client(AdminApplication({}), response_wrapper=TestResponse)
    assert bare.get("/console/login", base_url=CONSOLE).status_code == 404
