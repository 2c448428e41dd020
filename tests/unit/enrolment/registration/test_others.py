"""What others decide: officers, guardians, stations; and people who lost everything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hkeid.broker import LoginRefused
from hkeid.enrolment import Actor, RegistrationPurpose, RegistrationRefused
from hkeid.enrolment.registration import RegistrationStep
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.kernel.errors import MalformedInput, Unavailable
from hkeid.ports.certificates import RevocationReason
from hkeid.ports.documents import CardField
from hkeid.ports.registry import RegistryFinding, RegistryStatus
from hkeid.residents.records import CredentialStatus
from hkeid.signing.activation import SigningKeyState
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.store_contract.signing import a_signing_key


def referred(desk: Any, key: str = "ho-sau-lan", browser: str = "b1") -> Any:
    view = desk.selfie(
        desk.details(key, browser=browser), key, browser=browser, similarity="review"
    )
    assert view.step is RegistrationStep.REFERRED
    return view


# --- officers --------------------------------------------------------------------------------------


def test_an_officer_sees_the_evidence_and_accepts(desk: Any, phone: SoftwareAuthenticator) -> None:
    view = referred(desk)
    desk.registration.leave_contact(view.id, "lan@example.hk", browser="b1")
    seen = desk.registration.view(view.id)
    assert seen.findings.face == "review"
    assert seen.fields[CardField.NAME_ENGLISH].value == "HO, Sau Lan"
    assert not seen.fields[CardField.NAME_ENGLISH].editable
    assert set(desk.evidence.names(view.id)) >= {"card", "portrait", "selfie", "details", "reading"}
    desk.registration.decide(view.id, accept=True, reason="same_person", officers=("officer-1",))
    assert desk.evidence.names(view.id) == ()
    assert desk.hooks.told == [(view.reference, True, "lan@example.hk")]
    view = desk.current()
    assert (view.step, view.reason) == (RegistrationStep.BIND, None)
    decision = desk.registration.view(view.id).decision
    assert (decision.officers, decision.proofed) == (("officer-1",), Acr.EID)
    desk.hub.clock.pass_(days=6)
    desk.confirm(desk.bind(desk.current(), phone), phone)
    assert desk.current().step is RegistrationStep.DONE


def test_an_officer_refuses(desk: Any) -> None:
    view = referred(desk)
    desk.registration.leave_contact(view.id, "lan@example.hk", browser="b1")
    desk.registration.decide(view.id, accept=False, reason="other_person", officers=("officer-1",))
    assert (desk.current().step, desk.current().reason) == (
        RegistrationStep.REFUSED,
        "officer_refused",
    )
    assert desk.hooks.told == [(view.reference, False, "lan@example.hk")]
    assert desk.evidence.names(view.id) == ()
    with pytest.raises(RegistrationRefused, match="registration_other_step"):
        desk.registration.decide(view.id, accept=True, reason="changed_mind", officers=("o",))


def test_risky_cases_need_two(desk: Any) -> None:
    view = desk.details("ho-sau-lan")
    for _ in range(3):
        view = desk.selfie(view, "kwok-lai-king")
    for officers in (("one",), ("one", "one")):
        with pytest.raises(RegistrationRefused, match="second_officer_needed"):
            desk.registration.decide(view.id, accept=True, reason="seen", officers=officers)
    desk.registration.decide(view.id, accept=True, reason="seen", officers=("one", "two"))
    assert desk.current().step is RegistrationStep.BIND


@pytest.mark.parametrize(
    ("reason", "officers", "refused"),
    [("Free text!", ("o",), "decision_reason_malformed"), ("seen", (), "officers_missing")],
)
def test_a_decision_has_a_word_and_a_name(
    desk: Any, reason: str, officers: tuple[str, ...], refused: str
) -> None:
    view = referred(desk)
    with pytest.raises((RegistrationRefused, MalformedInput), match=refused):
        desk.registration.decide(view.id, accept=True, reason=reason, officers=officers)


def test_the_register_is_asked_again_where_it_was_silent(desk: Any) -> None:
    view = desk.details("ho-sau-lan")
    desk.registry.break_down()
    for _ in range(2):
        with pytest.raises(Unavailable):
            desk.selfie(view, "ho-sau-lan")
    view = desk.selfie(view, "ho-sau-lan")
    with pytest.raises(Unavailable, match="registry_unavailable"):
        desk.registration.decide(view.id, accept=True, reason="seen", officers=("o",))
    desk.registry.fault = None
    desk.registration.decide(view.id, accept=True, reason="seen", officers=("o",))
    assert desk.registration.view(view.id).findings.registry == "match"


def test_officers_cannot_accept_what_the_register_forbids(desk: Any) -> None:
    view = desk.details("lau-kwu-yan")
    desk.registry.break_down()
    for _ in range(2):
        with pytest.raises(Unavailable):
            desk.selfie(view, "lau-kwu-yan")
    view = desk.selfie(view, "lau-kwu-yan")
    desk.registry.fault = None
    with pytest.raises(RegistrationRefused, match="case_not_acceptable"):
        desk.registration.decide(view.id, accept=True, reason="seen", officers=("o", "p"))
    assert desk.current().step is RegistrationStep.REFERRED


def test_officers_cannot_give_a_second_eid(desk: Any, phone: SoftwareAuthenticator) -> None:
    view = referred(desk)
    desk.register("ho-sau-lan", phone, browser="b2")
    with pytest.raises(RegistrationRefused, match="case_not_acceptable"):
        desk.registration.decide(view.id, accept=True, reason="seen", officers=("o", "p"))


def test_a_case_waits_thirty_days_at_most(desk: Any) -> None:
    view = referred(desk)
    desk.hub.clock.pass_(days=29)
    desk.evidence.expire(desk.hub.clock.now())
    assert desk.evidence.get(view.id, "card") is not None
    desk.hub.clock.pass_(days=1)
    desk.registration.expire()
    assert desk.current().step is RegistrationStep.EXPIRED
    assert desk.evidence.names(view.id) == ()


@pytest.mark.parametrize(
    "email",
    [
        "",
        "lan",
        "lan@",
        "a b@example.hk",
        "x@" + "e" * 300,
        "a@b,c",
        "é@example.hk",
        "a\x00b@example.hk",
        "a\x1b@example.hk",
    ],
)
def test_an_address_is_an_address(desk: Any, email: str) -> None:
    view = referred(desk)
    with pytest.raises(MalformedInput, match="email_malformed"):
        desk.registration.leave_contact(view.id, email, browser="b1")


# --- the register, asked again -----------------------------------------------------------------------


def accepted(desk: Any) -> Any:
    """A case that an officer accepted, and whose applicant has not come back yet."""
    view = referred(desk)
    desk.registration.decide(view.id, accept=True, reason="same_person", officers=("o",))
    asked = len(desk.registry.asked)
    assert desk.current().step is RegistrationStep.BIND
    return view, asked


def test_within_a_day_the_registers_answer_holds(desk: Any, phone: SoftwareAuthenticator) -> None:
    _, asked = accepted(desk)
    desk.hub.clock.pass_(hours=23)
    desk.confirm(desk.bind(desk.current(), phone), phone)
    assert len(desk.registry.asked) == asked


def test_an_old_answer_is_asked_for_again_before_a_device_is_bound(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    view, asked = accepted(desk)
    desk.hub.clock.pass_(days=5)
    desk.confirm(desk.bind(desk.current(), phone), phone)
    assert len(desk.registry.asked) == asked + 1, "once, for both ceremonies"
    (event,) = desk.hub.bodies("enrolment:registration:register-asked-again")
    (done,) = [
        one
        for one in desk.hub.bodies("enrolment:registration:concluded")
        if one["registration"] == view.id
    ]
    assert (event["status"], event["evidence"]) == ("match", done["evidence"])


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (RegistryStatus.DECEASED, "cannot_register_here"),
        (RegistryStatus.REPORTED_LOST, "cannot_register_here"),
        (RegistryStatus.NO_MATCH, "register_changed"),
    ],
)
def test_who_died_or_lost_the_card_meanwhile_gets_no_eid(
    desk: Any, status: RegistryStatus, expected: str
) -> None:
    view, _ = accepted(desk)
    desk.hub.clock.pass_(days=5)
    desk.registry.check = lambda query: RegistryFinding(status=status, reference="R-2")
    with pytest.raises(RegistrationRefused, match="registration_other_step"):
        desk.registration.start_binding(view.id, browser="b1")
    assert (desk.current().step, desk.current().reason) == (RegistrationStep.REFUSED, expected)
    assert desk.evidence.names(f"{view.id}.particulars") == ()


def test_the_first_use_is_asked_about_too(desk: Any, phone: SoftwareAuthenticator) -> None:
    accepted(desk)
    view = desk.bind(desk.current(), phone)
    desk.hub.clock.pass_(days=5)
    desk.registry.check = lambda query: RegistryFinding(status=RegistryStatus.DECEASED)
    with pytest.raises(RegistrationRefused, match="registration_other_step"):
        desk.confirm(view, phone)
    assert desk.current().step is RegistrationStep.REFUSED


def test_a_silent_register_binds_nothing_old_and_ends_nothing(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    view, _ = accepted(desk)
    desk.hub.clock.pass_(days=5)
    desk.registry.break_down()
    with pytest.raises(Unavailable, match="registry_unavailable"):
        desk.registration.start_binding(view.id, browser="b1")
    desk.registry.fault = None
    desk.confirm(desk.bind(desk.current(), phone), phone)


def test_officers_accept_on_a_fresh_answer(desk: Any) -> None:
    view = referred(desk)
    desk.hub.clock.pass_(days=20)
    desk.registry.check = lambda query: RegistryFinding(status=RegistryStatus.DECEASED)
    with pytest.raises(RegistrationRefused, match="case_not_acceptable"):
        desk.registration.decide(view.id, accept=True, reason="seen", officers=("o", "p"))


# --- guardians -------------------------------------------------------------------------------------


@pytest.fixture
def guardian(desk: Any) -> str:
    session = desk.register("chan-tai-man", SoftwareAuthenticator(), browser="guardian")
    return session.view.authentication.resident_id


def test_a_guardian_agrees(desk: Any, phone: SoftwareAuthenticator, guardian: str) -> None:
    view = desk.decided("chan-siu-fung")
    assert view.step is RegistrationStep.GUARDIAN
    assert desk.evidence.names(view.id) == ()
    with pytest.raises(RegistrationRefused, match="registration_other_step"):
        desk.registration.start_binding(view.id, browser="b1")
    desk.registration.leave_contact(view.id, "fung@example.hk", browser="b1")
    desk.registration.guardian_decided(view.id, approved=True, guardian_resident_id=guardian)
    assert desk.hooks.told == [(view.reference, True, "fung@example.hk")]
    assert desk.evidence.get(f"{view.id}.particulars", "contact") == b""
    desk.confirm(desk.bind(desk.current(), phone), phone)
    (event,) = desk.hub.bodies("enrolment:registration:guardian-decided")
    assert (event["approved"], event["guardian_resident_id"]) == (True, guardian)


def test_a_guardian_does_not_agree(desk: Any, guardian: str) -> None:
    view = desk.decided("chan-siu-fung")
    desk.registration.guardian_decided(view.id, approved=False, guardian_resident_id=guardian)
    assert (desk.current().step, desk.current().reason) == (
        RegistrationStep.REFUSED,
        "guardian_refused",
    )
    assert desk.evidence.names(f"{view.id}.particulars") == ()


def test_a_guardian_has_an_eid_that_works(desk: Any, guardian: str) -> None:
    view = desk.decided("chan-siu-fung")
    desk.hub.standing.suspend(guardian, by=Actor.OPERATOR, reason="under_inquiry")
    for nobody in (guardian, "nobody"):
        with pytest.raises(RegistrationRefused, match="guardian_not_eligible"):
            desk.registration.guardian_decided(view.id, approved=True, guardian_resident_id=nobody)
    desk.hub.clock.pass_(days=14)
    assert desk.current().step is RegistrationStep.EXPIRED


def test_an_officer_does_not_replace_a_guardian(desk: Any) -> None:
    view = referred(desk, "chan-siu-fung")
    desk.registration.decide(view.id, accept=True, reason="seen", officers=("o",))
    assert desk.current().step is RegistrationStep.GUARDIAN


@pytest.fixture
def minor(desk: Any, phone: SoftwareAuthenticator, guardian: str) -> Any:
    """A minor's session, with an eID to which a guardian agreed."""
    view = desk.decided("chan-siu-fung")
    desk.registration.guardian_decided(view.id, approved=True, guardian_resident_id=guardian)
    return desk.confirm(desk.bind(desk.current(), phone), phone)


def test_a_minors_recovery_waits_for_the_guardian(
    desk: Any, phone: SoftwareAuthenticator, guardian: str, minor: Any
) -> None:
    view = desk.decided("chan-siu-fung", browser="b2", purpose=RegistrationPurpose.RECOVERY)
    assert view.step is RegistrationStep.GUARDIAN
    with pytest.raises(RegistrationRefused, match="registration_other_step"):
        desk.registration.start_binding(view.id, browser="b2")
    desk.hub.login(phone)
    desk.registration.guardian_decided(view.id, approved=True, guardian_resident_id=guardian)
    new = SoftwareAuthenticator()
    session = desk.confirm(desk.bind(desk.current("b2"), new, browser="b2"), new, browser="b2")
    resident_id = minor.view.authentication.resident_id
    assert session.view.authentication.resident_id == resident_id
    with pytest.raises(LoginRefused):
        desk.hub.login(phone)


def test_without_the_guardian_a_minors_eid_stays_as_it_is(
    desk: Any, phone: SoftwareAuthenticator, guardian: str, minor: Any
) -> None:
    view = desk.decided("chan-siu-fung", browser="b2", purpose=RegistrationPurpose.RECOVERY)
    desk.registration.guardian_decided(view.id, approved=False, guardian_resident_id=guardian)
    assert desk.current("b2").reason == "guardian_refused"
    desk.hub.login(phone)
    assert desk.hooks.recoveries == []


def test_an_officer_who_accepts_a_minors_recovery_does_not_replace_the_guardian(
    desk: Any, minor: Any
) -> None:
    view = desk.selfie(
        desk.details("chan-siu-fung", browser="b2", purpose=RegistrationPurpose.RECOVERY),
        "chan-siu-fung",
        browser="b2",
        similarity="review",
    )
    desk.registration.decide(view.id, accept=True, reason="seen", officers=("o", "p"))
    assert desk.current("b2").step is RegistrationStep.GUARDIAN


def test_the_minor_does_not_agree_for_themselves(desk: Any, minor: Any) -> None:
    """Whoever holds a minor's phone cannot be the guardian who agrees to the recovery onto another."""
    view = desk.decided("chan-siu-fung", browser="b2", purpose=RegistrationPurpose.RECOVERY)
    resident_id = minor.view.authentication.resident_id
    with pytest.raises(RegistrationRefused, match="guardian_not_eligible"):
        desk.registration.guardian_decided(view.id, approved=True, guardian_resident_id=resident_id)


# --- people who lost everything --------------------------------------------------------------------


def test_a_lost_eid_is_recovered(desk: Any, phone: SoftwareAuthenticator) -> None:
    lost = desk.register("ho-sau-lan", phone)
    resident_id = lost.view.authentication.resident_id
    grant = desk.hub.grant(lost, "hko", "offline_access")
    signing = a_signing_key(resident_id=resident_id)
    with desk.hub.store.transaction() as tx:
        assert tx.signing_keys.add(signing)
    new = SoftwareAuthenticator()
    session = desk.register("ho-sau-lan", new, browser="b2", purpose=RegistrationPurpose.RECOVERY)
    assert session.view.authentication.resident_id == resident_id
    assert session.view.authentication.acr is Acr.EID
    assert desk.hub.current(lost) is None
    assert desk.hub.look("grants", "get", grant).revoked_at is not None
    with pytest.raises(LoginRefused):
        desk.hub.login(phone)
    desk.hub.login(new)
    statuses = [one.status for one in desk.hub.look("credentials", "of_resident", resident_id)]
    assert sorted(statuses) == [CredentialStatus.ACTIVE, CredentialStatus.REVOKED]
    # No old device can have had a hand in what the new one will sign with.
    ended = desk.hub.look("signing_keys", "get", signing.id)
    assert (ended.state, ended.reason) == (SigningKeyState.RETIRED, RevocationReason.KEY_COMPROMISE)
    assert desk.hooks.recoveries == [resident_id]
    (event,) = desk.hub.bodies("enrolment:eid:recovered")
    assert (event["credentials_revoked"], event["grants_revoked"]) == (1, 1)
    notices = [one["about"] for one in desk.hub.bodies("enrolment:notice:due")]
    assert "eid_recovered" in notices


def test_until_it_is_confirmed_nothing_is_revoked(desk: Any, phone: SoftwareAuthenticator) -> None:
    lost = desk.register("ho-sau-lan", phone)
    new = SoftwareAuthenticator()
    view = desk.bind(
        desk.decided("ho-sau-lan", browser="b2", purpose=RegistrationPurpose.RECOVERY),
        new,
        browser="b2",
    )
    assert desk.hub.current(lost) is not None
    desk.hub.login(phone)
    desk.registration.cancel(view.id, browser="b2")
    desk.hub.login(phone)
    with pytest.raises(LoginRefused):
        desk.hub.login(new)


def test_a_recovered_eid_plus_is_an_eid_until_the_chip_is_read_again(desk: Any) -> None:
    first = desk.register("kwok-lai-king", SoftwareAuthenticator(), browser="b0")
    with desk.hub.store.transaction() as tx:
        resident = tx.residents.get(first.view.authentication.resident_id)
        plus = replace(resident, state=EidState.UPGRADED, proofed=Acr.EID_PLUS)
        assert tx.residents.change(resident, plus)
    phone = SoftwareAuthenticator()
    session = desk.register("kwok-lai-king", phone, purpose=RegistrationPurpose.RECOVERY)
    resident = desk.hub.look("residents", "get", session.view.authentication.resident_id)
    assert (resident.state, resident.proofed) == (EidState.ACTIVE, Acr.EID)


def test_a_suspended_eid_is_recovered_by_an_officer_only(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    lost = desk.register("ho-sau-lan", phone)
    desk.hub.standing.freeze(lost.view)
    view = desk.decided("ho-sau-lan", browser="b2", purpose=RegistrationPurpose.RECOVERY)
    assert view.step is RegistrationStep.REFERRED
    desk.registration.decide(view.id, accept=True, reason="same_person", officers=("o",))
    new = SoftwareAuthenticator()
    desk.confirm(desk.bind(desk.current("b2"), new, browser="b2"), new, browser="b2")
    desk.hub.login(new)


def test_a_recovery_does_not_lift_a_freeze_that_came_after_its_decision(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    """Somebody froze it meanwhile, perhaps because of this very recovery."""
    lost = desk.register("ho-sau-lan", phone)
    resident_id = lost.view.authentication.resident_id
    new = SoftwareAuthenticator()
    view = desk.bind(
        desk.decided("ho-sau-lan", browser="b2", purpose=RegistrationPurpose.RECOVERY),
        new,
        browser="b2",
    )
    desk.hub.standing.freeze(lost.view)
    with pytest.raises(RegistrationRefused, match="eid_changed"):
        desk.confirm(view, new, browser="b2")
    assert desk.hub.look("residents", "get", resident_id).state is EidState.SUSPENDED
    with pytest.raises(LoginRefused):
        desk.hub.login(new)


# --- the owner hears of it -------------------------------------------------------------------------


def warnings_of(desk: Any) -> int:
    about = [one["about"] for one in desk.hub.bodies("enrolment:notice:due")]
    return about.count("recovery_started")


def recovering(desk: Any, face: str, *, browser: str = "thief", tries: int = 3) -> Any:
    view = desk.details("ho-sau-lan", browser=browser, purpose=RegistrationPurpose.RECOVERY)
    for _ in range(tries):
        view = desk.selfie(view, face, browser=browser)
    return view


def test_the_owner_is_told_when_a_recovery_begins(desk: Any, phone: SoftwareAuthenticator) -> None:
    owner = desk.register("ho-sau-lan", phone)
    view = recovering(desk, "kwok-lai-king", tries=2)
    assert (view.step, warnings_of(desk)) == (RegistrationStep.SELFIE, 0), (
        "a number alone tells nobody"
    )
    view = desk.selfie(view, "kwok-lai-king", browser="thief")
    assert view.step is RegistrationStep.REFERRED
    found = desk.hub.look("notices", "of_resident", owner.view.authentication.resident_id)
    assert [one.about for one in found].count("recovery_started") == 1


def test_before_a_new_device_is_bound_the_owner_is_told(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    desk.register("ho-sau-lan", phone)
    view = desk.decided("ho-sau-lan", browser="b2", purpose=RegistrationPurpose.RECOVERY)
    assert (view.step, warnings_of(desk)) == (RegistrationStep.BIND, 1)


def test_once_a_day_is_enough(desk: Any, phone: SoftwareAuthenticator) -> None:
    desk.register("ho-sau-lan", phone)
    for number in range(3):
        recovering(desk, "kwok-lai-king", browser=f"b{number}")
    assert warnings_of(desk) == 1
    desk.hub.clock.pass_(hours=25)
    recovering(desk, "kwok-lai-king", browser="next-day")
    assert warnings_of(desk) == 2


def test_a_recovery_that_gets_through_is_told_whatever_was_told_before(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    """Junk uses the day's notice up; the real one within that day is told all the same, once."""
    desk.register("ho-sau-lan", phone)
    recovering(desk, "kwok-lai-king", browser="junk")
    desk.hub.clock.pass_(hours=23)
    view = desk.decided("ho-sau-lan", browser="real", purpose=RegistrationPurpose.RECOVERY)
    assert (view.step, warnings_of(desk)) == (RegistrationStep.BIND, 2)
    again = SoftwareAuthenticator()
    desk.confirm(desk.bind(view, again, browser="real"), again, browser="real")
    assert warnings_of(desk) == 2


@pytest.mark.parametrize("junk_first", [False, True])
def test_what_officers_accept_is_told_once_within_a_day(
    desk: Any, phone: SoftwareAuthenticator, *, junk_first: bool
) -> None:
    desk.hub.standing.freeze(desk.register("ho-sau-lan", phone).view)
    if junk_first:
        recovering(desk, "kwok-lai-king", browser="junk")
    view = desk.decided("ho-sau-lan", browser="b2", purpose=RegistrationPurpose.RECOVERY)
    assert (view.step, warnings_of(desk)) == (RegistrationStep.REFERRED, 1)
    desk.registration.decide(view.id, accept=True, reason="same_person", officers=("a", "b"))
    assert desk.current("b2").step is RegistrationStep.BIND
    assert warnings_of(desk) == (2 if junk_first else 1)


def test_of_a_frozen_eid_the_owner_is_told_too(desk: Any, phone: SoftwareAuthenticator) -> None:
    desk.hub.standing.freeze(desk.register("ho-sau-lan", phone).view)
    recovering(desk, "kwok-lai-king")
    assert warnings_of(desk) == 1


def test_nobody_is_told_where_there_is_nothing_to_recover(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    recovering(desk, "kwok-lai-king")
    owner = desk.register("kwok-lai-king", phone, browser="owner").view
    desk.decided("kwok-lai-king", browser="b2")
    desk.hub.standing.revoke(
        owner.authentication.resident_id, by=Actor.OPERATOR, reason="asked_by_resident"
    )
    desk.decided("kwok-lai-king", browser="b3", purpose=RegistrationPurpose.RECOVERY)
    assert warnings_of(desk) == 0
