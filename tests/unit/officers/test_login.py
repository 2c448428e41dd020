"""Officers' enrolment, login, step-up and sessions (NIST SP 800-63B-4 §2.3, WebAuthn L3 §7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hkeid.kernel.errors import ConfigurationError, HkeidError, MalformedInput, TooManyAttempts
from hkeid.officers import (
    EnrolmentCodeRefused,
    OfficerLoginRefused,
    OfficerSettings,
    OfficerStatus,
    OfficerUnknown,
    Role,
)
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.webauthn import CeremonyRefused


def reason_of(act: Callable[[], Any], kind: type[HkeidError] = HkeidError) -> str:
    with pytest.raises(kind) as caught:
        act()
    return caught.value.reason


def test_an_officer_enrols_with_a_code_and_logs_in(desk: Any) -> None:
    officer_id = desk.hire(Role.SENIOR_OFFICER, name="KO, Kap")
    view = desk.login(officer_id).view
    assert view.officer_id == officer_id
    assert view.roles == (Role.SENIOR_OFFICER,)
    assert desk.officers.staff.entries()[0].status is OfficerStatus.ACTIVE
    assert desk.officers.staff.entries()[0].name == "KO, Kap"
    assert [one["officer_id"] for one in desk.bodies("officers:officer:enrolled")] == [officer_id]


def test_the_name_is_sealed(desk: Any) -> None:
    officer = desk.officers.staff.add("KO, Kap", (Role.OPERATOR,))
    assert b"KO" not in officer.name
    assert desk.officers.staff.name(officer) == "KO, Kap"


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "KO\x00Kap", "KO\u202eKap"])
def test_a_name_is_one_line_of_text(desk: Any, name: str) -> None:
    add = lambda: desk.officers.staff.add(name, (Role.OPERATOR,))  # noqa: E731
    assert reason_of(add, MalformedInput) == "officer_name_malformed"


def test_a_code_is_good_once(desk: Any, console: str) -> None:
    officer = desk.officers.staff.add("KO, Kap", (Role.OPERATOR,))
    code = desk.officers.staff.issue_code(officer.id).reveal()
    starts = [
        desk.officers.login.start_enrolment(code, browser="b1", network="n1") for _ in range(2)
    ]
    phone = SoftwareAuthenticator()
    answers = [phone.create(start.options, console) for start in starts]
    desk.officers.login.finish_enrolment(starts[0].id, answers[0], browser="b1")
    again = lambda: desk.officers.login.finish_enrolment(  # noqa: E731
        starts[1].id, answers[1], browser="b1"
    )
    assert reason_of(again, EnrolmentCodeRefused) == "officer_code_used"
    start = lambda: desk.officers.login.start_enrolment(  # noqa: E731
        code, browser="b1", network="n1"
    )
    assert reason_of(start, EnrolmentCodeRefused) == "officer_code_used"


def test_a_new_code_takes_the_place_of_the_old_one_and_both_expire(desk: Any) -> None:
    officer = desk.officers.staff.add("KO, Kap", (Role.OPERATOR,))
    old, new = (desk.officers.staff.issue_code(officer.id).reveal() for _ in range(2))
    try_it = desk.officers.staff.try_code
    assert reason_of(lambda: try_it(old, network="n1")) == "officer_code_unknown"
    assert try_it(new, network="n1")[1] == officer.id
    desk.clock.pass_(hours=24)
    assert reason_of(lambda: try_it(new, network="n1")) == "officer_code_expired"


def test_codes_are_guessed_ten_times_and_no_more(desk: Any) -> None:
    for _ in range(10):
        wrong = lambda: desk.officers.staff.try_code("0000-0000-0000", network="n1")  # noqa: E731
        assert reason_of(wrong) == "officer_code_unknown"
    assert reason_of(wrong, TooManyAttempts) == "officer_code_attempts_exhausted"
    other = lambda: desk.officers.staff.try_code("0000-0000-0000", network="n2")  # noqa: E731
    assert reason_of(other) == "officer_code_unknown", "another network is another budget"


def test_a_passkey_that_leaves_its_device_is_not_accepted(desk: Any) -> None:
    officer = desk.officers.staff.add("KO, Kap", (Role.OPERATOR,))
    phone = SoftwareAuthenticator(synced=True)
    refused = lambda: desk.enrol(officer.id, phone=phone)  # noqa: E731
    assert reason_of(refused, CeremonyRefused) == "synced_not_allowed"


def test_an_unverified_use_is_not_accepted(desk: Any, console: str) -> None:
    officer_id = desk.hire()
    start = desk.officers.login.start_login(browser="b1")
    careless = {**start.options, "userVerification": "discouraged"}
    desk.phones[officer_id].user_verified = False
    answer = desk.phones[officer_id].get(careless, console)
    finish = lambda: desk.officers.login.finish_login(start.id, answer, browser="b1")  # noqa: E731
    assert reason_of(finish, CeremonyRefused) == "uv_missing"


def test_a_session_ends_after_15_idle_minutes(desk: Any) -> None:
    """NIST SP 800-63B-4 §2.3.3: inactivity of 15 minutes."""
    session = desk.login(desk.hire())
    current = lambda: desk.officers.login.current(  # noqa: E731
        session.reference.reveal(), browser="b1"
    )
    for _ in range(3):
        desk.clock.pass_(minutes=14)
        assert current() is not None
    desk.clock.pass_(minutes=15)
    assert current() is None


def test_a_session_ends_after_8_hours_whatever_is_done(desk: Any) -> None:
    session = desk.login(desk.hire())
    for _ in range(47):
        desk.clock.pass_(minutes=10)
        assert desk.officers.login.current(session.reference.reveal(), browser="b1") is not None
    session = desk.step_up(session)
    desk.clock.pass_(minutes=10)
    assert desk.officers.login.current(session.reference.reveal(), browser="b1") is None


def test_a_reference_in_another_browser_ends_the_session(desk: Any) -> None:
    session = desk.login(desk.hire())
    reference = session.reference.reveal()
    assert desk.officers.login.current(reference, browser="thief") is None
    assert desk.officers.login.current(reference, browser="b1") is None
    assert desk.bodies("officers:session:ended")[-1]["reason"] == "other_browser"


def test_step_up_replaces_the_reference(desk: Any) -> None:
    session = desk.login(desk.hire())
    desk.clock.pass_(minutes=6)
    before = desk.officers.login.current(session.reference.reveal(), browser="b1")
    assert not before.is_fresh(desk.clock.now())
    renewed = desk.step_up(session)
    assert desk.officers.login.current(session.reference.reveal(), browser="b1") is None
    after = desk.officers.login.current(renewed.reference.reveal(), browser="b1")
    assert after.session_id == session.view.session_id
    assert after.is_fresh(desk.clock.now())
    desk.clock.pass_(minutes=5)
    assert not after.is_fresh(desk.clock.now())


def test_step_up_of_one_officer_does_not_serve_another(desk: Any, console: str) -> None:
    first, second = desk.login(desk.hire()), desk.login(desk.hire(name="SUI, Ling"), browser="b1")
    start = desk.officers.login.start_step_up(first.view, browser="b1")
    phone = desk.phones[second.view.officer_id]
    answer = phone.get({**start.options, "allowCredentials": []}, console)
    finish = lambda: desk.officers.login.finish_step_up(  # noqa: E731
        first.reference.reveal(), start.id, answer, browser="b1"
    )
    assert reason_of(finish, CeremonyRefused) == "credential_not_allowed"


def test_step_up_belongs_to_its_session(desk: Any, console: str) -> None:
    officer_id = desk.hire()
    first, second = desk.login(officer_id), desk.login(officer_id)
    start = desk.officers.login.start_step_up(first.view, browser="b1")
    answer = desk.phones[officer_id].get(start.options, console)
    finish = lambda: desk.officers.login.finish_step_up(  # noqa: E731
        second.reference.reveal(), start.id, answer, browser="b1"
    )
    assert reason_of(finish, OfficerLoginRefused) == "ceremony_other_session"


def test_a_login_is_no_step_up_and_a_step_up_no_login(desk: Any, console: str) -> None:
    officer_id = desk.hire()
    session = desk.login(officer_id)
    login = desk.officers.login.start_login(browser="b1")
    answer = desk.phones[officer_id].get(login.options, console)
    as_step_up = lambda: desk.officers.login.finish_step_up(  # noqa: E731
        session.reference.reveal(), login.id, answer, browser="b1"
    )
    assert reason_of(as_step_up, CeremonyRefused) == "ceremony_other_kind"
    step_up = desk.officers.login.start_step_up(session.view, browser="b1")
    answer = desk.phones[officer_id].get(step_up.options, console)
    as_login = lambda: desk.officers.login.finish_login(  # noqa: E731
        step_up.id, answer, browser="b1"
    )
    assert reason_of(as_login, CeremonyRefused) == "ceremony_other_kind"


def test_an_answer_counts_once(desk: Any, console: str) -> None:
    officer_id = desk.hire()
    start = desk.officers.login.start_login(browser="b1")
    answer = desk.phones[officer_id].get(start.options, console)
    desk.officers.login.finish_login(start.id, answer, browser="b1")
    again = lambda: desk.officers.login.finish_login(start.id, answer, browser="b1")  # noqa: E731
    assert reason_of(again, CeremonyRefused) == "ceremony_used"


def test_a_suspended_officer_is_out_at_once(desk: Any) -> None:
    officer_id = desk.hire()
    session = desk.login(officer_id)
    desk.officers.staff.suspend(officer_id)
    assert desk.officers.login.current(session.reference.reveal(), browser="b1") is None
    assert reason_of(lambda: desk.login(officer_id)) == "officer_suspended"
    assert reason_of(lambda: desk.officers.staff.issue_code(officer_id)) == "officer_suspended"
    desk.officers.staff.resume(officer_id)
    assert desk.login(officer_id).view.officer_id == officer_id


def test_a_counter_that_goes_back_stops_the_passkey(desk: Any) -> None:
    """WebAuthn L3 §6.1.1: the key may have been copied."""
    officer_id = desk.hire()
    session = desk.login(officer_id)
    desk.login(officer_id)
    for credential in desk.phones[officer_id].credentials:
        credential.sign_count = 0
    assert reason_of(lambda: desk.login(officer_id)) == "counter_regressed"
    assert desk.officers.login.current(session.reference.reveal(), browser="b1") is None
    assert reason_of(lambda: desk.login(officer_id)) == "credential_suspended"


def test_logging_out_ends_the_session(desk: Any) -> None:
    session = desk.login(desk.hire())
    assert desk.officers.login.logout(session.reference.reveal())
    assert not desk.officers.login.logout(session.reference.reveal())
    assert not desk.officers.login.logout(None)
    assert desk.officers.login.current(session.reference.reveal(), browser="b1") is None


def test_a_second_login_in_a_browser_replaces_the_first(desk: Any) -> None:
    officer_id = desk.hire()
    first = desk.login(officer_id)
    desk.login(officer_id, previous=first.reference.reveal())
    assert desk.officers.login.current(first.reference.reveal(), browser="b1") is None


def test_nobody_is_unknown_to_operators(desk: Any) -> None:
    for act in (
        desk.officers.staff.suspend,
        desk.officers.staff.issue_code,
        lambda one: desk.officers.staff.set_roles(one, (Role.OPERATOR,)),
    ):
        assert reason_of(lambda act=act: act("officer:nobody"), OfficerUnknown) == "officer_unknown"


@pytest.mark.parametrize(
    "setting",
    [
        {"session_idle": timedelta(minutes=16)},
        {"session_lifetime": timedelta(hours=13)},
        {"step_up": timedelta(minutes=6)},
        {"code_attempts": 0},
    ],
)
def test_settings_keep_to_what_protects(setting: dict[str, Any]) -> None:
    assert (
        reason_of(lambda: OfficerSettings(**setting), ConfigurationError)
        == "officer_settings_invalid"
    )
