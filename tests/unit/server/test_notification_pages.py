"""Which messages a resident wants, through the pages; and what changes are told."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from hkeid.enrolment.notices.changing import CHANGES_A_DAY
from hkeid.kernel import canonical_json
from hkeid.testing.personas import PERSONAS
from hkeid_server.house import House
from hkeid_server.sandbox import seed_sandbox
from hkeid_server.wiring.notices import make_dispatcher

PAGE = "/account/notifications"


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    house = make_house()
    seed_sandbox(house)
    return house


def told(house: House) -> list[str]:
    """Letters in the sandbox's inbox, by what they are about; each counted once."""
    make_dispatcher(house.config, house.notices, house.store, house.clock, house.journal).round()
    inbox = house.notices.inbox
    assert inbox is not None
    return [one.about for one in inbox.letters() if one.channel == "inbox"]


def ticked(text: str) -> set[str]:
    return set(re.findall(r'type="checkbox" name="\w+" id="([\w-]+)" value="\w+" checked', text))


def ticks(*ids: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in ids:
        topic, _, channel = one.partition("-")
        found.setdefault(topic, []).append(channel)
    return found


def test_profile_and_access_are_on_at_first_and_disclosures_are_not(resident: Any) -> None:
    assert f'href="{PAGE}"' in resident.get("/account/notices").text
    page = resident.get(PAGE)
    assert ticked(page.text) == {"profile-email", "profile-sms", "access-email", "access-sms"}
    assert 'id="topic-security"' not in page.text
    assert "web_push" not in page.text, "nobody can be told in browsers here"


def test_what_is_ticked_is_kept(resident: Any, house: House) -> None:
    resident.get(PAGE)
    answer = resident.post(PAGE, ticks("profile-email", "disclosure-sms"))
    assert answer.status_code == 303
    page = resident.follow()
    assert "Your choice is kept" in page.text
    assert ticked(page.text) == {"profile-email", "disclosure-sms"}
    assert told(house).count("notice_choices_changed") == 1
    resident.post(PAGE, {})
    assert ticked(resident.follow().text) == set()


@pytest.mark.parametrize("tick", ["profile-inbox", "access-web_push", "form-pigeon"])
def test_what_was_not_offered_is_not_taken(resident: Any, tick: str) -> None:
    resident.get(PAGE)
    assert resident.post(PAGE, ticks(tick)).status_code == 404
    assert "profile-email" in ticked(resident.get(PAGE).text)


def test_a_choice_wants_a_recent_login(resident: Any, house: House) -> None:
    resident.get(PAGE)
    house.clock.wait(minutes=31)
    page = resident.post(PAGE, {})
    assert "First show that it is you" in page.text
    assert "choose which messages you want" in page.text
    resident.ceremony()
    page = resident.follow()
    assert "profile-email" in ticked(page.text), "nothing had been changed"
    assert resident.post(PAGE, {}).status_code == 303


def test_so_many_changes_a_day(resident: Any) -> None:
    for number in range(CHANGES_A_DAY):
        resident.get(PAGE)
        assert resident.post(PAGE, ticks("form-email") if number % 2 else {}).status_code == 303
    resident.get(PAGE)
    page = resident.post(PAGE, ticks("access-email"))
    assert page.status_code == 429
    assert "many times today" in page.text


def test_changes_of_the_profile_are_told_by_name_and_never_by_value(
    resident: Any, house: House
) -> None:
    resident.get("/account/profile")
    resident.post("/account/profile/start", {})
    for number in ("9123 4567", "9123 4568"):
        resident.get("/account/profile/mobile_telephone")
        resident.post("/account/profile/mobile_telephone", {"value": number})
    resident.get("/account/profile/mobile_telephone")
    answer = resident.post("/account/profile/mobile_telephone/remove", {})
    assert answer.status_code == 303, answer.text
    resident.get("/account/profile/stop")
    resident.post("/account/profile/stop", {})
    inbox = house.notices.inbox
    assert inbox is not None
    found = told(house)
    assert {
        "profile_added.mobile_telephone", "profile_changed.mobile_telephone",
        "profile_removed.mobile_telephone", "profile_given_up",
    } <= set(found)  # fmt: skip
    letters = [one for one in inbox.letters() if one.about.startswith("profile_")]
    assert all("9123" not in f"{one.title}{one.body}".replace(" ", "") for one in letters)
    changed = next(one for one in letters if one.about == "profile_changed.mobile_telephone")
    assert "流動電話" in changed.body
    resident.get("/account/notices")
    assert "你的資料檔已更改" in resident.get("/account/notices?lang=zh-Hant-HK").text


def test_who_wants_no_messages_about_the_profile_gets_none(resident: Any, house: House) -> None:
    resident.get(PAGE)
    resident.post(PAGE, {})
    resident.get("/account/profile")
    resident.post("/account/profile/start", {})
    resident.get("/account/profile/home_telephone")
    resident.post("/account/profile/home_telephone", {"value": "2123 4567"})
    with house.store.transaction() as tx:
        due = [
            canonical_json.loads_object(record.body)["about"]
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
            if record.name == "enrolment:notice:due"
        ]
    assert "notice_choices_changed" in due
    assert not [about for about in due if about.startswith("profile_")]
    assert PERSONAS["chan-tai-man"].person.name.english not in "".join(due)
