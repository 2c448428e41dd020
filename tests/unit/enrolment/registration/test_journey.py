"""The whole way of a person without an eID, and what is left of it."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.broker import LoginRefused
from hkeid.enrolment import (
    Actor,
    RegistrationPurpose,
    RegistrationRefused,
    RegistrationUnknown,
)
from hkeid.enrolment.registration import RegistrationStep
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.kernel.errors import Expired, MalformedInput, TooManyAttempts, Unavailable
from hkeid.ports.documents import CardField, ImageRefused, RetakeAdvice
from hkeid.ports.faces import LivenessEvidence
from hkeid.residents.proofing import (
    PROOFING,
    Proofing,
    ProofingCheck,
    ProofingPlace,
    ProofingProcedure,
)
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.fakes_proofing import FakeFaceMatcher, fake_card, fake_selfie
from hkeid.testing.personas import PERSONAS


def reason_of(caught: Any) -> str:
    return caught.value.reason


def test_a_person_without_an_eid_gets_one(desk: Any, phone: SoftwareAuthenticator) -> None:
    view = desk.begin()
    assert (view.step, view.tries_left) == (RegistrationStep.CARD, 3)
    view = desk.registration.give_card(view.id, fake_card("ho-sau-lan"), browser="b1")
    assert view.step is RegistrationStep.DETAILS
    number = view.fields[CardField.HKIC_NUMBER]
    assert number.machine == number.value == "Q000131(3)"
    assert number.editable
    assert not view.fields[CardField.SYMBOLS].editable
    view = desk.registration.confirm_details(view.id, {}, browser="b1")
    assert (view.step, dict(view.fields)) == (RegistrationStep.SELFIE, {})
    view = desk.selfie(view, "ho-sau-lan")
    assert (view.step, view.reason) == (RegistrationStep.BIND, None)
    view = desk.bind(view, phone)
    assert view.step is RegistrationStep.CONFIRM
    with pytest.raises(LoginRefused, match="credential_unknown"):
        desk.hub.login(phone)
    session = desk.confirm(view, phone)
    resident_id = session.view.authentication.resident_id
    assert session.view.authentication.acr in (Acr.EID, Acr.EID_BOUND)
    assert desk.hub.login(phone).view.authentication.resident_id == resident_id
    resident = desk.hub.look("residents", "get", resident_id)
    assert (resident.state, resident.proofed) == (EidState.ACTIVE, Acr.EID)
    with desk.hub.memory.transaction() as tx:
        fields = desk.hub.fields.read(tx, resident_id, ("name_chinese", "hkic_number", "sex"))
        proofing = Proofing.from_text(desk.hub.fields.read(tx, resident_id, (PROOFING,))[PROOFING])
    assert fields == {"name_chinese": "何秀蘭", "hkic_number": "Q000131(3)", "sex": "F"}
    # How it was proved stands beside what was proved, no more than that.
    assert (proofing.procedure, proofing.place, proofing.policy) == (
        ProofingProcedure.REMOTE_REGISTRATION,
        ProofingPlace.REMOTE,
        desk.parts.policy.version,
    )
    assert proofing.at == desk.hub.clock.now().replace(microsecond=0)
    assert proofing.checks == (ProofingCheck.FACE_BY_MACHINE, ProofingCheck.REGISTER)
    (device,) = desk.hub.devices.of_resident(resident_id)
    assert device.label == "My phone"
    assert desk.hub.trail_is_sound()


def test_the_receipt_says_what_was_checked_kept_and_destroyed(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    desk.register("ho-sau-lan", phone)
    view = desk.current()
    assert view.step is RegistrationStep.DONE
    receipt = view.receipt
    assert receipt is not None
    assert receipt.marks == ("demonstration",)
    assert {"card_read", "presence", "register", "face_compared_with_card"} <= set(receipt.checked)
    assert "face_pictures" in receipt.destroyed
    assert "HO" not in str(receipt.as_json())


def test_nothing_of_the_evidence_is_left(desk: Any, phone: SoftwareAuthenticator) -> None:
    view = desk.decided("ho-sau-lan")
    assert desk.evidence.names(view.id) == ()
    particulars = f"{view.id}.particulars"
    assert desk.evidence.names(particulars) == ("details",)
    desk.confirm(desk.bind(view, phone), phone)
    assert desk.evidence.names(particulars) == ()
    record = desk.record(view.id)
    assert (record.pending, record.number_digest, record.evidence_open) == (None, None, False)
    kept = repr(record) + record.findings.decode() + record.decision.decode()
    for personal in ("Q000131", "HO,", "何", "1968"):
        assert personal not in kept
    assert "0.2" not in record.findings.decode()  # no score


def test_what_was_decided_is_explained_and_audited(desk: Any, phone: SoftwareAuthenticator) -> None:
    view = desk.decided("ho-sau-lan")
    seen = desk.registration.view(view.id)
    assert seen.decision.rules == ("remote-demonstration",)
    assert seen.decision.policy == desk.parts.policy.version
    assert seen.findings.registry == "match"
    assert desk.current().findings is None
    (decided,) = desk.hub.bodies("enrolment:registration:decided")
    assert decided["evidence"] == desk.record(view.id).evidence_digest.hex()
    moved = [
        (one["before"], one["after"]) for one in desk.hub.bodies("enrolment:registration:moved")
    ]
    assert moved == [("card", "details"), ("details", "selfie"), ("selfie", "bind")]
    desk.confirm(desk.bind(view, phone), phone)
    (concluded,) = desk.hub.bodies("enrolment:registration:concluded")
    assert concluded["evidence"] == decided["evidence"]
    trail = str([record.body for record in desk.hub.records()])
    assert "Q000131" not in trail
    assert "HO," not in trail


def test_each_step_can_be_left_and_resumed(desk: Any, phone: SoftwareAuthenticator) -> None:
    assert desk.registration.current(browser="b1") is None
    view = desk.begin()
    assert desk.current() == view
    view = desk.registration.give_card(view.id, fake_card("ho-sau-lan"), browser="b1")
    assert desk.current() == view
    view = desk.registration.confirm_details(view.id, {}, browser="b1")
    assert desk.current() == view
    desk.registration.start_liveness(view.id, browser="b1")
    assert desk.current() == view
    view = desk.selfie(view, "ho-sau-lan")
    assert desk.current() == view
    desk.registration.start_binding(view.id, browser="b1")
    assert desk.current() == view
    view = desk.bind(view, phone)
    assert desk.current() == view
    desk.registration.start_confirmation(view.id, browser="b1")
    assert desk.current() == view
    desk.confirm(view, phone)
    assert desk.current().step is RegistrationStep.DONE


def test_a_passkey_that_got_lost_on_the_way_is_made_again(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    view = desk.bind(desk.decided("ho-sau-lan"), phone)
    again = SoftwareAuthenticator()
    desk.confirm(desk.bind(view, again), again)
    desk.hub.login(again)
    with pytest.raises(LoginRefused):
        desk.hub.login(phone)


def test_another_browser_knows_nothing_of_it(desk: Any) -> None:
    view = desk.begin()
    assert desk.registration.current(browser="b2") is None
    for act in (
        lambda: desk.registration.give_card(view.id, fake_card("ho-sau-lan"), browser="b2"),
        lambda: desk.registration.start_liveness(view.id, browser="b2"),
        lambda: desk.registration.start_binding(view.id, browser="b2"),
        lambda: desk.registration.cancel(view.id, browser="b2"),
        lambda: desk.registration.give_card("nobody", fake_card("ho-sau-lan"), browser="b1"),
    ):
        with pytest.raises(RegistrationUnknown) as caught:
            act()
        assert reason_of(caught) == "registration_unknown"


def test_steps_cannot_be_skipped(desk: Any) -> None:
    view = desk.begin()
    for act in (
        lambda: desk.registration.confirm_details(view.id, {}, browser="b1"),
        lambda: desk.registration.start_liveness(view.id, browser="b1"),
        lambda: desk.registration.start_binding(view.id, browser="b1"),
        lambda: desk.registration.start_confirmation(view.id, browser="b1"),
        lambda: desk.registration.leave_contact(view.id, "a@example.hk", browser="b1"),
        lambda: desk.registration.decide(view.id, accept=True, reason="seen", officers=("o",)),
        lambda: desk.registration.guardian_decided(
            view.id, approved=True, guardian_resident_id="g"
        ),
    ):
        with pytest.raises(RegistrationRefused) as caught:
            act()
        assert reason_of(caught) == "registration_other_step"


def test_it_ends_in_time(desk: Any) -> None:
    view = desk.card("ho-sau-lan")
    desk.hub.clock.pass_(minutes=30)
    with pytest.raises(RegistrationRefused) as caught:
        desk.registration.confirm_details(view.id, {}, browser="b1")
    assert reason_of(caught) == "registration_expired"
    assert desk.current().step is RegistrationStep.EXPIRED
    assert desk.current().reason == "time_over"
    assert desk.evidence.names(view.id) == ()


def test_binding_has_ten_minutes(desk: Any, phone: SoftwareAuthenticator) -> None:
    view = desk.decided("ho-sau-lan")
    desk.hub.clock.pass_(minutes=10)
    with pytest.raises(RegistrationRefused) as caught:
        desk.registration.start_binding(view.id, browser="b1")
    assert reason_of(caught) == "registration_expired"
    assert desk.evidence.names(f"{view.id}.particulars") == ()


def test_the_sweep_ends_what_nobody_comes_back_to(desk: Any) -> None:
    view = desk.card("ho-sau-lan")
    assert desk.registration.expire() == 0
    desk.hub.clock.pass_(minutes=31)
    assert desk.registration.expire() == 1
    assert desk.record(view.id).step is RegistrationStep.EXPIRED
    assert desk.evidence.names(view.id) == ()
    assert desk.registration.expire() == 0


def test_beginning_again_ends_the_earlier_one(desk: Any) -> None:
    first = desk.card("ho-sau-lan")
    second = desk.begin()
    assert desk.current().id == second.id
    assert desk.record(first.id).reason == "begun_again"
    assert desk.evidence.names(first.id) == ()


def test_giving_up_destroys_the_evidence(desk: Any) -> None:
    view = desk.details("ho-sau-lan")
    desk.registration.cancel(view.id, browser="b1")
    assert desk.current().reason == "given_up"
    assert desk.evidence.names(view.id) == ()
    with pytest.raises(Expired, match="evidence_destroyed"):
        desk.evidence.put(view.id, "card", b"x")


def test_agreement_comes_first(desk: Any) -> None:
    with pytest.raises(RegistrationRefused) as caught:
        desk.begin(statement="2020-01")
    assert reason_of(caught) == "statement_not_current"
    view = desk.begin()
    assert desk.record(view.id).statement == "2026-11"


def test_one_network_begins_so_often(make_desk: Any) -> None:
    desk = make_desk(settings={"network_attempts": 2})
    desk.begin("b1")
    desk.begin("b2")
    with pytest.raises(TooManyAttempts) as caught:
        desk.begin("b3")
    assert reason_of(caught) == "registration_attempts_exhausted"
    desk.begin("b3", network="n2")


def test_so_many_are_open_from_one_network_and_no_more(make_desk: Any) -> None:
    desk = make_desk(settings={"network_open": 2, "network_attempts": 100})
    mine = desk.begin("b1")
    view = desk.selfie(desk.details("ho-sau-lan", browser="b2"), "ho-sau-lan", browser="b2")
    with pytest.raises(TooManyAttempts) as caught:
        desk.begin("b3")
    assert reason_of(caught) == "registration_network_full"
    keys = desk.evidence_keys.inner._keys
    living = {session for session, key in keys.items() if key.wrapped is not None}
    assert living == {f"{view.id}.particulars"}, "nothing is left of who was turned away"
    desk.begin("b3", network="n2")
    desk.registration.cancel(mine.id, browser="b1")
    assert desk.record(mine.id).network is None, "forgotten when it ends"
    desk.begin("b4")


def test_cases_that_wait_are_open_and_count(make_desk: Any) -> None:
    """Whoever fills the officers' queue stops themselves, and nobody else."""
    desk = make_desk(policy="production", settings={"network_open": 3, "network_attempts": 100})
    for browser in ("b1", "b2", "b3"):
        assert desk.decided("ho-sau-lan", browser=browser).step is RegistrationStep.REFERRED
    desk.hub.clock.pass_(days=1)
    with pytest.raises(TooManyAttempts, match="registration_network_full"):
        desk.begin("b4")
    desk.begin("b4", network="n2")
    desk.hub.clock.pass_(days=30)
    desk.begin("b5")


def test_who_is_turned_away_keeps_what_they_had(make_desk: Any) -> None:
    desk = make_desk(settings={"network_open": 1})
    view = desk.begin("b1")
    with pytest.raises(TooManyAttempts):
        desk.begin("b1")
    assert desk.current("b1").id == view.id


def test_of_many_at_once_from_one_network_no_more_get_in(
    desk: Any, make_hub_on_each_store: Any
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    settings = {"network_open": 3, "network_attempts": 100}
    desk = type(desk)(make_hub_on_each_store(), settings=settings)

    def begin(number: int) -> bool:
        try:
            desk.begin(f"b{number}")
        except TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(begin, range(12))) == 3


def test_without_its_parts_it_is_not_offered(make_desk: Any) -> None:
    for missing in ("reader", "liveness", "registry"):
        desk = make_desk(**{missing: None})
        assert not desk.registration.offered()
        with pytest.raises(Unavailable) as caught:
            desk.begin()
        assert reason_of(caught) == "registration_not_offered"


def test_without_a_matcher_an_officer_looks(make_desk: Any) -> None:
    view = make_desk(matcher=None).decided("ho-sau-lan")
    assert (view.step, view.reason) == (RegistrationStep.REFERRED, "face_unclear")


# --- the card --------------------------------------------------------------------------------------


def test_a_bad_photograph_is_taken_again(desk: Any) -> None:
    view = desk.card("ho-sau-lan", advice=RetakeAdvice.GLARE)
    assert (view.step, view.advice, view.tries_left) == (
        RegistrationStep.CARD,
        RetakeAdvice.GLARE,
        2,
    )
    view = desk.registration.give_card(view.id, fake_card("ho-sau-lan"), browser="b1")
    assert (view.step, view.advice) == (RegistrationStep.DETAILS, None)


def test_an_impossible_picture_costs_no_try(desk: Any) -> None:
    view = desk.begin()
    with pytest.raises(ImageRefused):
        desk.registration.give_card(view.id, b"GIF89a", browser="b1")
    assert desk.current().tries_left == 3


def test_whose_card_cannot_be_read_types_and_an_officer_looks(desk: Any) -> None:
    view = desk.card("ho-sau-lan", advice=RetakeAdvice.TOO_DARK)
    for _ in range(2):
        picture = fake_card("ho-sau-lan", advice=RetakeAdvice.TOO_DARK)
        view = desk.registration.give_card(view.id, picture, browser="b1")
    assert view.step is RegistrationStep.DETAILS
    assert {field.value for field in view.fields.values()} == {""}
    with pytest.raises(RegistrationRefused, match="details_incomplete"):
        desk.registration.confirm_details(view.id, {}, browser="b1")
    typed = {
        CardField.NAME_ENGLISH: "HO, Sau Lan",
        CardField.HKIC_NUMBER: "q000131 (3)",
        CardField.BIRTH_DATE: "1968-09-21",
        CardField.SEX: "f",
    }
    view = desk.registration.confirm_details(view.id, typed, browser="b1")
    view = desk.selfie(view, "ho-sau-lan")
    assert (view.step, view.reason) == (RegistrationStep.REFERRED, "details_unclear")


@pytest.mark.parametrize(
    ("misread", "edit", "refused"),
    [
        ({}, {CardField.HKIC_NUMBER: "Q000132(1)"}, None),
        ({}, {CardField.HKIC_NUMBER: "Q000224(7)"}, "edit_too_far"),
        ({}, {CardField.HKIC_NUMBER: "Q000131(4)"}, "hkic_check_character_wrong"),
        ({}, {CardField.HKIC_NUMBER: ""}, "edit_too_far"),
        ({}, {CardField.BIRTH_DATE: "1968-09-27"}, None),
        ({}, {CardField.BIRTH_DATE: "1986-12-21"}, "edit_too_far"),
        ({}, {CardField.BIRTH_DATE: "1968-09-31"}, "birth_date_impossible"),
        ({}, {CardField.BIRTH_DATE: "1968"}, "edit_too_far"),
        ({}, {CardField.SEX: "X"}, "sex_malformed"),
        ({}, {CardField.NAME_ENGLISH: ""}, "details_incomplete"),
        ({}, {CardField.NAME_ENGLISH: "H" * 201}, "field_too_long"),
        ({}, {CardField.SYMBOLS: "***AZ"}, "edit_too_far"),
        ({}, {CardField.ISSUED: "2020-13-01"}, "issued_malformed"),
        ({}, {CardField.ISSUED: "1975-01-01"}, "dates_impossible"),
        ({}, {CardField.FIRST_REGISTRATION: "1950-01"}, "dates_impossible"),
        ({}, {CardField.FIRST_REGISTRATION: "Nov 79"}, "first_registration_malformed"),
        ({}, {CardField.ISSUED: "2050-01-01"}, "dates_impossible"),
        ({CardField.NAME_CHINESE: "何秀簡"}, {CardField.NAME_CHINESE: "何秀蘭"}, None),
    ],
)
def test_edits_have_their_limits(desk: Any, misread: Any, edit: Any, refused: str | None) -> None:
    view = desk.card("ho-sau-lan", changed=misread)
    if refused is None:
        view = desk.registration.confirm_details(view.id, edit, browser="b1")
        assert view.step is RegistrationStep.SELFIE
        assert desk.registration.view(view.id).findings.details == "corrected"
        seen = desk.registration.view(view.id).fields
        for field, text in edit.items():
            assert seen[field].value == text != seen[field].machine
        return
    with pytest.raises((RegistrationRefused, MalformedInput)) as caught:
        desk.registration.confirm_details(view.id, edit, browser="b1")
    assert reason_of(caught) == refused
    assert desk.current().step is RegistrationStep.DETAILS


# --- who it is -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "step", "reason"),
    [
        ("lau-kwu-yan", RegistrationStep.REFUSED, "cannot_register_here"),
        ("ko-shat-ka", RegistrationStep.REFUSED, "cannot_register_here"),
        ("tang-yi-ming", RegistrationStep.REFERRED, "officer_looks"),
        ("chan-siu-fung", RegistrationStep.GUARDIAN, None),
        ("ho-sau-lan", RegistrationStep.BIND, None),
    ],
)
def test_the_register_has_the_last_word(desk: Any, key: str, step: Any, reason: Any) -> None:
    view = desk.decided(key)
    assert (view.step, view.reason) == (step, reason)
    assert bool(desk.evidence.names(view.id)) == (step is RegistrationStep.REFERRED)


def test_children_below_eleven_are_refused_at_once(desk: Any) -> None:
    view = desk.card("chan-siu-fung", changed={CardField.BIRTH_DATE: "2016-06-18"})
    view = desk.registration.confirm_details(view.id, {}, browser="b1")
    assert (view.step, view.reason) == (RegistrationStep.REFUSED, "too_young")
    assert desk.evidence.names(view.id) == ()
    assert desk.registry.asked == []


def test_a_year_of_birth_alone_may_leave_the_age_open(desk: Any) -> None:
    view = desk.card(
        "chan-siu-fung",
        changed={CardField.BIRTH_DATE: "2008", CardField.FIRST_REGISTRATION: ""},
    )
    view = desk.registration.confirm_details(view.id, {}, browser="b1")
    assert desk.registration.view(view.id).findings.age == "unknown"
    assert desk.selfie(view, "chan-siu-fung").step is RegistrationStep.REFERRED


def test_who_has_an_eid_is_told_so_only_when_proved(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    desk.register("ho-sau-lan", phone)
    view = desk.decided("ho-sau-lan", browser="b2")
    assert (view.step, view.reason) == (RegistrationStep.REFUSED, "already_registered")
    # Somebody else with her card hears what they would hear without an eID there.
    stranger = desk.details("ho-sau-lan", browser="b3")
    for _ in range(3):
        stranger = desk.selfie(stranger, "kwok-lai-king", browser="b3")
    assert (stranger.step, stranger.reason) == (RegistrationStep.REFERRED, "face_unclear")


def test_whoever_is_slower_hears_of_it_before_the_device(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    slower = desk.decided("ho-sau-lan", browser="b2")
    desk.register("ho-sau-lan", phone)
    with pytest.raises(RegistrationRefused, match="already_registered"):
        desk.registration.start_binding(slower.id, browser="b2")
    assert desk.current("b2").reason == "already_registered"
    assert desk.evidence.names(f"{slower.id}.particulars") == ()


def test_an_applicant_of_old_gets_the_eid_that_waits(
    desk: Any, phone: SoftwareAuthenticator
) -> None:
    person = PERSONAS["ng-kau-yi"].person
    resident_id = desk.hub.activation.register_applicant(person)
    code = desk.hub.activation.issue_ticket(resident_id).reveal()
    session = desk.register("ng-kau-yi", phone)
    assert session.view.authentication.resident_id == resident_id
    with pytest.raises(Exception, match="ticket_revoked"):
        desk.hub.activation.start(code, browser="b1", network="n1")


def test_after_a_revocation_a_new_eid_begins(desk: Any, phone: SoftwareAuthenticator) -> None:
    old = desk.register("ho-sau-lan", phone).view.authentication.resident_id
    desk.hub.standing.revoke(old, by=Actor.OPERATOR, reason="given_up")
    again = SoftwareAuthenticator()
    new = desk.register("ho-sau-lan", again, browser="b2").view.authentication.resident_id
    assert new != old
    assert desk.hub.login(again).view.authentication.resident_id == new
    with pytest.raises(LoginRefused):
        desk.hub.login(phone)


# --- the selfie ------------------------------------------------------------------------------------


def test_three_tries_then_an_officer(desk: Any) -> None:
    view = desk.details("ho-sau-lan")
    for left in (2, 1):
        view = desk.selfie(view, "kwok-lai-king")
        assert (view.step, view.tries_left) == (RegistrationStep.SELFIE, left)
        assert view.warnings == ("face_no_match",)
    view = desk.selfie(view, "kwok-lai-king")
    assert (view.step, view.reason) == (RegistrationStep.REFERRED, "face_unclear")
    findings = desk.registration.view(view.id).findings
    assert findings.face == "no_match"


@pytest.mark.parametrize("verdict", ["spoof", "inconclusive"])
def test_who_is_not_found_live_ends_with_an_officer(desk: Any, verdict: str) -> None:
    view = desk.details("ho-sau-lan")
    for _ in range(3):
        view = desk.selfie(view, "ho-sau-lan", verdict=verdict)
    assert view.step is RegistrationStep.REFERRED
    assert desk.registration.view(view.id).findings.liveness == verdict


@pytest.mark.parametrize("faces", [0, 2])
def test_one_face_is_needed(desk: Any, faces: int) -> None:
    view = desk.selfie(desk.details("ho-sau-lan"), "ho-sau-lan", faces=faces)
    assert view.step is RegistrationStep.SELFIE
    assert view.warnings == (("face_none",) if not faces else ("face_second",))


def test_a_likeness_that_is_not_certain_goes_to_an_officer(desk: Any) -> None:
    view = desk.selfie(desk.details("ho-sau-lan"), "ho-sau-lan", similarity="review")
    assert (view.step, view.reason) == (RegistrationStep.REFERRED, "face_unclear")


def test_a_challenge_is_answered_once(desk: Any) -> None:
    view = desk.details("ho-sau-lan")
    with pytest.raises(RegistrationRefused, match="liveness_not_started"):
        desk.registration.give_selfie(view.id, LivenessEvidence(nonce="x", frames=()), browser="b1")
    first = desk.registration.start_liveness(view.id, browser="b1")
    assert first.secret == b""
    second = desk.registration.start_liveness(view.id, browser="b1")
    for challenge, other in ((first, "ho-sau-lan"), (second, "kwok-lai-king")):
        evidence = fake_selfie(challenge, other)
        if challenge is first:
            with pytest.raises(RegistrationRefused, match="liveness_not_started"):
                desk.registration.give_selfie(view.id, evidence, browser="b1")
        else:
            desk.registration.give_selfie(view.id, evidence, browser="b1")
    with pytest.raises(RegistrationRefused, match="liveness_not_started"):
        desk.registration.give_selfie(view.id, fake_selfie(second, "ho-sau-lan"), browser="b1")


def test_a_late_answer_costs_no_try(desk: Any) -> None:
    view = desk.details("ho-sau-lan")
    challenge = desk.registration.start_liveness(view.id, browser="b1")
    desk.hub.clock.pass_(minutes=3)
    with pytest.raises(Expired, match="liveness_expired"):
        desk.registration.give_selfie(view.id, fake_selfie(challenge, "ho-sau-lan"), browser="b1")
    assert desk.current().tries_left == 3


def test_a_matcher_without_time_costs_no_try(make_desk: Any) -> None:
    class Busy(FakeFaceMatcher):
        def compare(self, *_: Any) -> Any:
            raise Unavailable("face_matcher_busy")

    desk = make_desk(matcher=Busy())
    view = desk.details("ho-sau-lan")
    with pytest.raises(Unavailable, match="face_matcher_busy"):
        desk.selfie(view, "ho-sau-lan")
    assert desk.current().tries_left == 3


def test_a_silent_register_ends_with_an_officer_never_with_a_pass(desk: Any) -> None:
    view = desk.details("ho-sau-lan")
    desk.registry.break_down()
    for _ in range(2):
        with pytest.raises(Unavailable, match="registry_unavailable"):
            desk.selfie(view, "ho-sau-lan")
    view = desk.selfie(view, "ho-sau-lan")
    assert (view.step, view.reason) == (RegistrationStep.REFERRED, "officer_looks")
    assert desk.registration.view(view.id).decision.cause == "registry_unavailable"


def test_the_frame_that_was_live_is_the_one_compared_and_asked_about(desk: Any) -> None:
    view = desk.details("ho-sau-lan")
    challenge = desk.registration.start_liveness(view.id, browser="b1")
    evidence = fake_selfie(challenge, "ho-sau-lan", canary="c")
    desk.registration.give_selfie(view.id, evidence, browser="b1")
    (query,) = desk.registry.asked
    assert query.portrait == evidence.frames[0].image


def test_one_number_again_and_again_goes_to_an_officer(desk: Any) -> None:
    for browser in ("b1", "b2", "b3"):
        desk.selfie(desk.details("ho-sau-lan", browser=browser), "kwok-lai-king", browser=browser)
    view = desk.decided("ho-sau-lan", browser="b4")
    assert view.step is RegistrationStep.REFERRED
    assert desk.registration.view(view.id).findings.repeated == "yes"


def test_knowing_a_number_does_not_send_its_owner_to_officers(desk: Any) -> None:
    """Only who showed a face tried to pass for somebody; and it is forgotten in a month."""
    for browser in ("b1", "b2", "b3", "b4"):
        desk.details("ho-sau-lan", browser=browser)
    assert desk.decided("ho-sau-lan", browser="owner").step is RegistrationStep.BIND
    for browser in ("b5", "b6", "b7"):
        desk.selfie(desk.details("ho-sau-lan", browser=browser), "kwok-lai-king", browser=browser)
    assert desk.decided("ho-sau-lan", browser="owner").step is RegistrationStep.REFERRED
    desk.hub.clock.pass_(days=31)
    assert desk.decided("ho-sau-lan", browser="another").step is RegistrationStep.BIND


def test_under_the_production_policy_the_built_in_parts_end_with_an_officer(make_desk: Any) -> None:
    view = make_desk(policy="production").decided("ho-sau-lan")
    assert view.step is RegistrationStep.REFERRED


def test_recovery_needs_somebody_to_recover(desk: Any) -> None:
    view = desk.decided("ho-sau-lan", purpose=RegistrationPurpose.RECOVERY)
    assert (view.step, view.reason) == (RegistrationStep.REFUSED, "not_registered")


def test_leaving_out_the_date_of_issue_binds_nobody(desk: Any) -> None:
    """By it the register tells a lost card from the one that replaced it."""
    view = desk.card("ho-sau-lan")
    desk.registration.confirm_details(view.id, {CardField.ISSUED: ""}, browser="b1")
    assert desk.selfie(view, "ho-sau-lan").step is RegistrationStep.REFERRED


def test_letters_that_look_like_others_are_none_of_a_card(desk: Any) -> None:
    view = desk.card("ho-sau-lan")
    looks_alike = {CardField.NAME_ENGLISH: "H\u041e, Sau Lan"}
    with pytest.raises(MalformedInput, match="name_characters_not_allowed"):
        desk.registration.confirm_details(view.id, looks_alike, browser="b1")
