"""Data requests at the console: a queue that names nobody, a reason, an answer that the resident reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from hkeid.officers import Role

PAGE = "/console/requests"
WISH = "CANARY, Tai-man"
ANSWER = "Canary answer: please come to a counter."
WHY = {"reason": "data_subject_request"}


@pytest.fixture
def asked(resident: Any) -> str:
    """A correction that waits; its reference number."""
    resident.get("/account/data/correction")
    fields = {"field": ["hkic_number", "name_english"], "wish": WISH, "words": "A hyphen.\nTwo."}
    assert resident.post("/account/data/correction", fields).status_code == 303
    found = re.search(r'id="request-([0-9A-Z-]+)"', resident.get("/account/data").text)
    assert found
    return found[1]


@pytest.fixture
def privacy(hire: Callable[..., Any]) -> Any:
    return hire(Role.PRIVACY_OFFICER)


def opened(officer: Any, request_id: str) -> Any:
    officer.get(f"{PAGE}/{request_id}")
    assert officer.post(f"{PAGE}/{request_id}", WHY).status_code == 303
    return officer.follow()


def decide(officer: Any, **fields: str) -> Any:
    form = re.search(
        r'action="([^"]+)" class="stack" data-once id="answer-form"', officer.page.text
    )
    assert form, officer.page.text
    return officer.post(form[1], {"text": ANSWER, **fields})


def test_the_queue_shows_dates_and_nobody(privacy: Any, asked: str, clock: Any) -> None:
    page = privacy.get(PAGE)
    assert asked in page.text
    assert "40 days left" in page.text
    assert "13 December 2026" in page.text
    for private in (WISH, "CHAN", "A hyphen"):
        assert private not in page.text
    today = privacy.get("/console/today")
    assert re.search(r'id="request-figures".*?Requests waiting</dt><dd>1<', today.text, re.DOTALL)
    assert '<a href="/console/requests">' in today.text


def test_what_is_late_says_so_in_words(hire: Callable[..., Any], asked: str, clock: Any) -> None:
    clock.wait(days=35)
    page = hire(Role.PRIVACY_OFFICER, name="A").get(PAGE)
    assert "Due soon" in page.text
    assert "5 days left" in page.text
    clock.wait(days=6)
    page = hire(Role.PRIVACY_OFFICER, name="B").get(PAGE)
    assert "Overdue" in page.text
    assert "1 day late" in page.text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PRIVACY_OFFICER])
def test_nobody_else_comes_in(hire: Callable[..., Any], asked: str, role: Role) -> None:
    officer = hire(role)
    for path in (PAGE, f"{PAGE}/{asked}"):
        assert officer.get(path).status_code == 403, path
    officer.get("/console/stations" if role is Role.STATION_OFFICER else "/console/today")
    assert PAGE not in officer.page.text
    assert officer.post(f"{PAGE}/{asked}", WHY).status_code == 403


def test_a_reason_opens_it_and_the_resident_sees_that(
    privacy: Any, asked: str, resident: Any
) -> None:
    privacy.get(f"{PAGE}/{asked}")
    assert privacy.post(f"{PAGE}/{asked}").status_code == 400
    assert "Choose a reason" in privacy.page.text
    wrong = privacy.post(f"{PAGE}/{asked}", {"reason": "resident_called"})
    assert wrong.status_code == 400
    page = opened(privacy, asked)
    assert WISH in page.text
    assert "A hyphen." in page.text
    assert "CHAN, Tai Man" in page.text
    assert "***" in page.text, "the number is masked"
    assert "1985" not in page.text, "nothing but what it is about"
    seen = resident.get("/account").text
    assert 'data-role="privacy_officer" data-reason="data_subject_request"' in seen


def test_an_answer_reaches_the_resident_once(
    privacy: Any, asked: str, resident: Any, log: Any
) -> None:
    opened(privacy, asked)
    here = privacy.page.request.path
    assert decide(privacy, decision="answer").status_code == 303
    assert "The resident is told" in privacy.follow().text
    page = resident.get("/account/data")
    assert ANSWER in page.text
    assert 'data-state="answered"' in page.text
    assert 'id="ask-correction"' in page.text, "another may be asked for"
    replay = privacy.post(here, {"decision": "answer", "text": "Again"})
    assert replay.headers["Location"].endswith("done=gone")
    assert privacy.get(here).headers["Location"].endswith("done=gone")
    assert privacy.get(f"{PAGE}/{asked}").headers["Location"].endswith("done=gone")
    for private in (WISH, ANSWER, "A hyphen"):
        assert private not in log.getvalue()


def test_a_refusal_has_a_ground_of_the_law(privacy: Any, asked: str, resident: Any) -> None:
    opened(privacy, asked)
    assert decide(privacy).status_code == 400
    assert "Choose whether you answer or refuse" in privacy.page.text
    assert ANSWER in privacy.page.text, "what was written is kept"
    for ground in ("", "repeated", "no_such_ground"):
        assert decide(privacy, decision="refuse", ground=ground).status_code == 400, ground
        assert "Choose a ground" in privacy.page.text
    bare = decide(privacy, decision="refuse", ground="other_controller", text="")
    assert bare.status_code == 400
    assert "this cannot go without words" in bare.text
    long = decide(privacy, decision="answer", text="x" * 2001)
    assert long.status_code == 400
    assert "at most 2,000 characters" in long.text
    assert decide(privacy, decision="refuse", ground="not_inaccurate").status_code == 303
    assert "log of refusals" in privacy.follow().text
    page = resident.get("/account/data").text
    assert "We are not satisfied that the data is wrong" in page
    assert "complain to the Privacy Commissioner" in page


def test_a_step_up_keeps_the_answer(privacy: Any, asked: str, clock: Any) -> None:
    opened(privacy, asked)
    clock.wait(minutes=5, seconds=1)
    decide(privacy, decision="answer")
    assert privacy.page.status_code == 307
    assert "passkey" in privacy.repeat().text
    assert privacy.ceremony().status_code == 307
    assert privacy.repeat().headers["Location"].endswith("done=answered")


def test_an_opening_ends_after_ten_minutes_and_is_ones_own(
    privacy: Any, asked: str, hire: Callable[..., Any], clock: Any
) -> None:
    opened(privacy, asked)
    here = privacy.page.request.path
    assert hire(Role.PRIVACY_OFFICER, name="SZE, Yan").get(here).status_code == 404
    clock.wait(minutes=10)
    assert privacy.get(here).status_code == 404


def test_a_request_that_is_withdrawn_meanwhile(privacy: Any, asked: str, resident: Any) -> None:
    opened(privacy, asked)
    resident.get("/account/data")
    resident.post(f"/account/data/requests/{asked}/withdraw")
    assert decide(privacy, decision="answer").headers["Location"].endswith("done=gone")
    assert 'data-state="withdrawn"' in resident.get("/account/data").text


def test_who_erased_the_eid_waits_for_nothing(privacy: Any, asked: str, resident: Any) -> None:
    opened(privacy, asked)
    resident.get("/account/data/erase")
    assert resident.post("/account/data/erase", {"confirm": "yes"}).status_code == 200
    assert decide(privacy, decision="answer").headers["Location"].endswith("done=gone")
    assert 'id="requests-empty"' in privacy.get(PAGE).text
