"""The console's pages as officers meet them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from hkeid.enrolment.registration import RegistrationStep
from hkeid.officers import Permission, Role

SECTIONS = {
    "/console/today": Permission.FIGURES_READ,
    "/console/queue": Permission.QUEUE_READ,
    "/console/records": Permission.RECORD_OPEN,
    "/console/audit": Permission.AUDIT_SEARCH,
    "/console/officers": Permission.OFFICERS_READ,
}


def test_an_officer_enrols_and_sees_today(hire: Callable[..., Any]) -> None:
    officer = hire(Role.SENIOR_OFFICER)
    page = officer.follow()
    assert page.status_code == 200
    assert 'id="figures"' in page.text
    assert page.text.count('<svg class="plot"') == 2
    assert 'id="ages"' in page.text, "a table says the same as each plot"
    assert "Senior registration officer" in page.text
    officer.post("/console/log-out")
    assert officer.get("/console/today").headers["Location"] == "/console/login"
    officer.log_in()
    assert officer.follow().status_code == 200


@pytest.mark.parametrize("path", [*SECTIONS, "/console/cases/x", "/console/stations", "/console/"])
def test_nothing_without_a_login(visitor: Any, path: str) -> None:
    page = visitor.get(path)
    assert (page.status_code, page.headers["Location"]) == (303, "/console/login")


@pytest.mark.parametrize("role", Role)
def test_each_role_sees_its_sections_and_no_other(hire: Callable[..., Any], role: Role) -> None:
    from hkeid.officers import GRANTS

    officer = hire(role)
    links = set(re.findall(r'<a href="(/console/[a-z]+)"', officer.get("/console/stations").text))
    for path, permission in SECTIONS.items():
        held = permission in GRANTS[role]
        status = officer.get(path).status_code
        if path == "/console/today":
            assert status == (200 if held else 303)
        else:
            assert status == (200 if held else 403), path
        if officer.get("/console/stations").status_code == 200:
            assert (path in links) is held


def test_two_officers_review_a_case(
    hire: Callable[..., Any], referred: Callable[..., str], registration: Any, jpeg: bytes
) -> None:
    case = referred()
    first, second = hire(name="SUI, Ling"), hire(Role.SENIOR_OFFICER)
    first.get("/console/queue")
    assert f'id="open-{case}"' in first.page.text
    page = first.take(case)
    assert page.status_code == 200
    assert "HO, Sau Lan" in page.text
    assert "21 September 1968" in page.text
    assert not re.search(r"<td>\d{4}-\d{2}", page.text), "dates stand in the local form"
    assert "<td>Female" in page.text
    shown = set(re.findall(r'<img src="([^"]+)"', page.text))
    assert shown == {f"/console/cases/{case}/pictures/{n}" for n in ("card", "portrait", "selfie")}
    picture = first.client.get(
        f"/console/cases/{case}/pictures/card", base_url="http://localhost:8001"
    )
    assert picture.data == jpeg
    assert picture.headers["Cache-Control"] == "no-store"
    assert picture.mimetype == "image/jpeg"
    answer = first.vote(case, "accept", "same_person")
    assert answer.headers["Location"] == "/console/queue?done=second-needed"
    assert registration.view(case).step is RegistrationStep.REFERRED
    second.take(case)
    answer = second.vote(case, "accept", "same_person")
    assert answer.headers["Location"] == "/console/queue?done=decided"
    assert registration.view(case).step is RegistrationStep.BIND
    assert registration.current(browser="phone").step is RegistrationStep.BIND
    assert second.get(f"/console/cases/{case}").headers["Location"].endswith("?done=gone")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Selfies that looked like an attack", "looks like a deception", "found live")),
        ("zh-HK", ("疑似攻擊的自拍", "疑似欺騙", "確認為真人")),
        ("zh-CN", ("疑似攻击的自拍", "疑似欺骗", "确认为真人")),
    ],
)
def test_officers_see_that_somebody_tried_to_deceive_the_camera(
    hire: Callable[..., Any],
    referred: Callable[..., str],
    language: str,
    words: tuple[str, ...],
) -> None:
    case = referred(before=("spoof", "inconclusive"))
    page = hire(language=language).take(case)
    assert page.status_code == 200
    for word in words:
        assert word in page.text
    row = re.search(r'<tr id="live-spoofed".*?<td>(\d+) ', page.text)
    failed = re.search(r'<tr id="live-failed".*?<td>(\d+) ', page.text)
    assert row
    assert failed
    assert (row[1], failed[1]) == ("1", "2")
    assert f"/console/cases/{case}/pictures/suspect" in page.text
    assert 'id="spoofed-before"' not in page.text


def test_officers_see_attacks_of_other_cases_with_the_number(
    hire: Callable[..., Any], referred: Callable[..., str]
) -> None:
    referred(before=("spoof",), browser="another")
    page = hire().take(referred())
    assert 'id="spoofed-before"' in page.text
    assert 'id="live-spoofed"' not in page.text


def test_a_refused_case_leaves_no_evidence(
    hire: Callable[..., Any], referred: Callable[..., str], registration: Any, evidence: Any
) -> None:
    case = referred()
    for officer in (hire(name="SUI, Ling"), hire()):
        officer.take(case)
        officer.vote(case, "refuse", "not_the_same_person")
    assert registration.view(case).step is RegistrationStep.REFUSED
    assert evidence.names(case) == ()


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"decision": ""}, "Choose accept or refuse"),
        ({"why": "because"}, "Choose accept or refuse"),
        ({"why": "card_not_genuine"}, "does not go with the decision"),
        ({"reason": ""}, "Choose a reason"),
        ({"note": "x" * 201}, "Shorten the note"),
    ],
)
def test_a_decision_that_is_not_complete_is_asked_again(
    hire: Callable[..., Any], referred: Callable[..., str], fields: dict[str, str], problem: str
) -> None:
    officer, case = hire(), referred()
    officer.take(case)
    given = {"decision": "accept", "why": "same_person", **fields}
    page = officer.vote(case, given.pop("decision"), given.pop("why"), **given)
    assert page.status_code == 400
    assert problem in page.text
    assert 'id="vote-form"' in page.text


def test_a_case_needs_a_reason_and_goes_back(
    hire: Callable[..., Any], referred: Callable[..., str]
) -> None:
    officer, case = hire(), referred()
    officer.get(f"/console/cases/{case}")
    page = officer.post(f"/console/cases/{case}/take", {"reason": ""})
    assert page.status_code == 400
    assert "Choose a reason" in page.text
    officer.take(case)
    officer.post(f"/console/cases/{case}/give-back")
    assert "done=returned" in officer.page.headers["Location"]
    other = hire(name="SUI, Ling")
    assert 'id="vote-form"' in other.take(case).text


def test_a_record_is_found_by_the_exact_number_with_a_reason(
    hire: Callable[..., Any], log: Any, house: Any
) -> None:
    officer = hire(Role.SENIOR_OFFICER)
    officer.get("/console/records")
    page = officer.post("/console/records", {"number": "Q000101(1)", "reason": ""})
    assert page.status_code == 400
    page = officer.post("/console/records", {"number": "Q00010", "reason": "complaint"})
    assert "This is no identity-card number" in page.text
    page = officer.post("/console/records", {"number": "Q000999(6)", "reason": "complaint"})
    assert page.status_code == 400
    officer.post("/console/records", {"number": "Q000101(1)", "reason": "resident_called"})
    address = officer.page.headers["Location"]
    page = officer.follow()
    assert "CHAN, Tai Man" in page.text
    assert "Q000***(*)" in page.text
    assert "Q000101" not in page.text
    assert "You called or wrote to us" in page.text
    assert "Q000101" not in log.getvalue()
    assert "Q000101" not in address
    with house.store.transaction() as tx:
        owner = next(iter(tx.record_accesses.since(house.clock.now()))).resident_id
        told = [one.about for one in tx.notices.of_resident(owner)]
    assert told.count("record_seen") == 1, "the resident is told, once for each opening"
    house.clock.wait(minutes=11)
    assert officer.get(address).status_code == 404


def test_an_eid_is_frozen_and_thawed_by_those_who_may(
    hire: Callable[..., Any], resident: Any
) -> None:
    officer = hire(Role.REGISTRATION_OFFICER)
    officer.get("/console/records")
    officer.post("/console/records", {"number": "Q000101(1)", "reason": "lost_or_stolen"})
    address = officer.page.headers["Location"]
    officer.follow()
    assert officer.post(f"{address}/suspend", {"reason": ""}).status_code == 400
    officer.post(f"{address}/suspend", {"reason": "lost_or_stolen"})
    page = officer.follow()
    assert 'data-state-of-eid="suspended"' in page.text
    assert resident.get("/account").status_code == 303, "the resident is logged out"
    page = officer.post(f"{address}/resume", {"reason": "resident_called"})
    assert page.status_code == 403
    senior = hire(Role.SENIOR_OFFICER, name="SUI, Ling")
    senior.get("/console/records")
    senior.post("/console/records", {"number": "Q000101(1)", "reason": "resident_called"})
    address = senior.page.headers["Location"]
    senior.follow()
    senior.post(f"{address}/resume", {"reason": "resident_called"})
    assert 'data-state-of-eid="active"' in senior.follow().text


def test_an_auditor_searches_the_trail(hire: Callable[..., Any]) -> None:
    auditor = hire(Role.AUDITOR, name="YU, Hat")
    auditor.get("/console/audit")
    page = auditor.post("/console/audit", {"name": "officers:", "about": "", "hours": "24"})
    assert "officers:officer:enrolled" in page.text
    assert "YU, Hat" not in page.text
    assert auditor.post("/console/audit", {"name": "';--", "about": ""}).status_code == 400
    page = auditor.post("/console/audit", {"name": "nothing:", "about": "", "hours": "1"})
    assert 'id="nothing"' in page.text


def test_a_stale_passkey_is_asked_for_again_and_the_page_follows(
    hire: Callable[..., Any], house: Any
) -> None:
    officer = hire(Role.SENIOR_OFFICER)
    house.clock.wait(minutes=6)
    page = officer.get("/console/records")
    assert page.headers["Location"] == "/console/step-up?next=/console/records"
    officer.follow()
    page = officer.ceremony()
    assert page.headers["Location"] == "/console/records"
    assert officer.follow().status_code == 200


@pytest.mark.parametrize("language", ["en", "zh-Hant-HK", "zh-Hans"])
def test_the_console_speaks_three_languages(hire: Callable[..., Any], language: str) -> None:
    words = {"en": "Audit trail", "zh-Hant-HK": "審計紀錄", "zh-Hans": "审计记录"}
    page = hire(Role.AUDITOR, language=language).get("/console/audit")
    assert words[language] in page.text
    assert f'<html lang="{language}">' in page.text


def test_wrong_codes_are_refused_and_counted(visitor: Any) -> None:
    visitor.get("/console/enrol")
    for _ in range(10):
        assert visitor.post("/console/enrol", {"code": "0000-0000-0000"}).status_code == 403
    assert visitor.post("/console/enrol", {"code": "0000-0000-0000"}).status_code == 429
