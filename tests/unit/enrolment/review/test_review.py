"""Queue, leases, votes, four eyes, conflicts; evidence only to who has the case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hkeid.enrolment.proofing_policy import shipped_policy
from hkeid.enrolment.registration import RegistrationRefused, RegistrationStep
from hkeid.enrolment.review import (
    FINDINGS_MISSING,
    RISKS,
    WAITING_WORDS,
    WANTED_BY_POLICY,
    CaseUnknown,
    DecisionReason,
    ReviewPolicy,
    ReviewRefused,
    Stage,
    Waiting,
)
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import ConfigurationError, HkeidError, Unavailable
from hkeid.officers import AccessDenied, AccessReason, OfficerStepUpRequired, Role


def reason_of(act: Callable[[], Any], kind: type[HkeidError] = HkeidError) -> str:
    with pytest.raises(kind) as caught:
        act()
    return caught.value.reason


# --- policy --------------------------------------------------------------------------------------


@pytest.mark.parametrize("risk", RISKS, ids=lambda risk: risk.name)
def test_each_risk_takes_four_eyes(risk: Any, sound: Any) -> None:
    policy = ReviewPolicy()
    assert policy.risks_of(sound) == ()
    for value in risk.values:
        assert risk.name in policy.risks_of(replace(sound, **{risk.aspect.value: value}))


def test_findings_that_cannot_be_read_are_a_risk() -> None:
    assert ReviewPolicy().risks_of(None) == (FINDINGS_MISSING,)


def test_where_registration_wants_two_officers_two_it_is(sound: Any) -> None:
    rules = shipped_policy("sandbox")
    wanted = replace(sound, calibrated="no")
    bare = ReviewPolicy(risks=(), proofing=rules)
    expected = (WANTED_BY_POLICY,) if rules.officers_needed(wanted) > 1 else ()
    assert bare.risks_of(wanted) == expected
    for aspect, values in rules.review.four_eyes.items():
        for value in values:
            findings = replace(sound, **{aspect.value: value})
            assert ReviewPolicy(proofing=rules).risks_of(findings), (aspect, value)


def test_a_lease_of_more_than_an_hour_is_refused() -> None:
    act = lambda: ReviewPolicy(lease=timedelta(hours=2))  # noqa: E731
    assert reason_of(act, ConfigurationError) == "review_policy_invalid"


# --- queue and leases ----------------------------------------------------------------------------


def test_the_queue_names_nobody_and_begins_with_the_oldest(desk: Any) -> None:
    old = desk.case()
    desk.clock.wait(hours=3)
    new = desk.case()
    queue = desk.review.queue(desk.officer())
    assert [one.id for one in queue] == [old, new]
    assert queue[0].waiting == timedelta(hours=3)
    assert all(one.takeable and one.stage is Stage.FIRST for one in queue)
    assert "Q000101" not in repr(queue)


def test_whoever_brings_many_does_not_bury_others(desk: Any) -> None:
    """Thirty of one site, and then somebody else: they wait for two or three of them, not for all."""
    crowd = [desk.case(site=b"n" * 32) for _ in range(30)]
    desk.clock.wait(minutes=15)
    alone = desk.case(site=b"m" * 32)
    queue = [one.id for one in desk.review.queue(desk.officer())]
    assert queue.index(alone) == 2
    assert len(set(queue)) == len(crowd) + 1
    short = [one.id for one in desk.review.queue(desk.officer(), limit=5)]
    assert short == queue[:5]


def test_many_about_one_number_take_turns_within_a_site_only(desk: Any) -> None:
    """Elsewhere they may be its owner's, who would wait behind all who know the number."""
    for _ in range(2):
        desk.case(site=b"n" * 32, number_digest=b"d" * 32)
    desk.clock.wait(minutes=15)
    owner = desk.case(site=b"m" * 32, number_digest=b"d" * 32)
    assert desk.review.queue(desk.officer())[1].id == owner


@pytest.mark.parametrize("turn", [timedelta(-1), timedelta(hours=5)])
def test_a_turn_is_neither_negative_nor_long(turn: timedelta) -> None:
    act = lambda: ReviewPolicy(turn=turn)  # noqa: E731
    assert reason_of(act, ConfigurationError) == "review_policy_invalid"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OPERATOR, Role.PRIVACY_OFFICER])
def test_who_may_not_review_sees_no_queue_and_opens_no_case(desk: Any, role: Role) -> None:
    view, case = desk.officer(role), desk.case()
    assert reason_of(lambda: desk.review.queue(view), AccessDenied) == "permission_missing"
    assert reason_of(lambda: desk.take(view, case), AccessDenied) == "permission_missing"


def test_a_case_is_one_officers_for_20_minutes(desk: Any) -> None:
    first, second, case = desk.officer(), desk.officer(), desk.case()
    desk.take(first, case)
    assert reason_of(lambda: desk.take(second, case), ReviewRefused) == "case_leased"
    assert not desk.review.queue(second)[0].takeable
    desk.clock.wait(minutes=20)
    second = desk.session(second.officer_id)
    desk.take(second, case)
    assert reason_of(lambda: desk.review.file(first, case), AccessDenied) == "lease_missing"


def test_evidence_is_shown_to_who_has_the_case_and_nobody_else(desk: Any, picture: bytes) -> None:
    first, second, case = desk.officer(), desk.officer(Role.SENIOR_OFFICER), desk.case()
    assert reason_of(lambda: desk.review.picture(first, case, "card")) == "lease_missing"
    desk.take(first, case)
    assert desk.review.picture(first, case, "card") == picture
    assert reason_of(lambda: desk.review.picture(second, case, "card")) == "lease_missing"
    assert desk.bodies("officers:access:denied")[-1]["denied"] == "lease_missing"
    file = desk.review.file(first, case)
    assert file.pictures == ("card", "selfie"), "an empty picture is none"
    for name in ("portrait", "details", "reading", "../card", ""):
        act = lambda name=name: desk.review.picture(first, case, name)  # noqa: E731
        assert reason_of(act, CaseUnknown) == "picture_unknown"


def test_a_face_that_does_not_match_is_not_called_near(desk: Any, sound: Any) -> None:
    case = desk.case(replace(sound, face="no_match"))
    view = desk.officer()
    desk.take(view, case)
    assert desk.review.file(view, case).risks == ("face_differs",)


def test_the_file_shows_fields_findings_and_why(desk: Any, sound: Any) -> None:
    case = desk.case(replace(sound, face="review", differing=("name_english",)))
    view = desk.officer()
    desk.take(view, case)
    file = desk.review.file(view, case)
    risky = {line.aspect.value: line.risk for line in file.lines if line.risk}
    assert risky == {"face": "face_near_threshold"}
    assert file.risks == ("face_near_threshold",)
    assert file.differing == ("name_english",)
    assert "Q000101" not in repr(file)


def test_a_case_given_back_is_free_again(desk: Any) -> None:
    first, second, case = desk.officer(), desk.officer(), desk.case()
    desk.take(first, case)
    desk.review.give_back(second, case)
    assert reason_of(lambda: desk.take(second, case)) == "case_leased", "not hers to give back"
    desk.review.give_back(first, case)
    desk.take(second, case)


def test_the_applicant_sees_that_somebody_looked(desk: Any) -> None:
    view, case = desk.officer(), desk.case()
    desk.take(view, case)
    seen = desk.officers.accesses_of_resident("r1", cases=(case,))
    assert [(one.why, one.role) for one in seen] == [
        (AccessReason.REVIEW_OF_REGISTRATION, Role.REGISTRATION_OFFICER)
    ]


def test_a_stale_passkey_takes_no_case(desk: Any) -> None:
    view, case = desk.officer(), desk.case()
    desk.clock.wait(minutes=5)
    assert reason_of(lambda: desk.take(view, case), OfficerStepUpRequired) == "step_up_required"


def test_nobody_decides_their_own_case(desk: Any) -> None:
    view = desk.officer(own_number=HkicNumber.parse("Q000101(1)"))
    assert reason_of(lambda: desk.take(view, desk.case()), AccessDenied) == "own_record"


# --- votes ---------------------------------------------------------------------------------------


def test_one_officer_decides_what_is_not_risky(desk: Any) -> None:
    view, case = desk.officer(), desk.case()
    made = desk.vote(view, case)
    assert (made.accept, made.officers) == (True, (view.officer_id,))
    assert desk.registrations.told == [(case, True, "same_person", (view.officer_id,))]
    assert desk.review.queue(view) == ()
    assert desk.bodies("review:decision:carried-out") == [
        {"case_id": case, "accept": True, "superseded": False}
    ]


def test_a_risky_case_takes_two_officers_who_agree(desk: Any, sound: Any) -> None:
    case = desk.case(replace(sound, calibrated="no"))
    first, second = desk.officer(), desk.officer()
    assert desk.vote(first, case) is None
    assert desk.registrations.told == []
    assert desk.review.queue(second)[0].stage is Stage.SECOND
    assert reason_of(lambda: desk.take(first, case), ReviewRefused) == "voted_already"
    made = desk.vote(second, case)
    assert set(made.officers) == {first.officer_id, second.officer_id}
    assert len(desk.registrations.told) == 1


def test_the_second_officer_judges_alone(desk: Any, sound: Any) -> None:
    case = desk.case(replace(sound, calibrated="no"))
    desk.vote(desk.officer(), case)
    second = desk.officer()
    desk.take(second, case)
    assert desk.review.file(second, case).votes == ()


def test_a_conflict_goes_to_a_senior_officer_who_is_a_third_person(desk: Any, sound: Any) -> None:
    case = desk.case(replace(sound, calibrated="no"))
    first, second = desk.officer(Role.SENIOR_OFFICER), desk.officer()
    assert desk.vote(first, case) is None
    assert desk.vote(second, case, accept=False) is None
    assert desk.review.queue(second)[0].stage is Stage.CONFLICT
    plain = desk.officer()
    assert not desk.review.queue(plain)[0].takeable
    assert reason_of(lambda: desk.take(plain, case), AccessDenied) == "permission_missing"
    assert reason_of(lambda: desk.take(first, case), ReviewRefused) == "voted_already"
    third = desk.officer(Role.SENIOR_OFFICER)
    lease = desk.take(third, case)
    assert len(desk.review.file(third, case).votes) == 2
    made = desk.vote(third, case, lease, accept=False)
    assert (made.accept, set(made.officers)) == (False, {second.officer_id, third.officer_id})
    assert [told[1] for told in desk.registrations.told] == [False]


def test_a_vote_counts_once(desk: Any, sound: Any) -> None:
    view, case = desk.officer(), desk.case(replace(sound, calibrated="no"))
    lease = desk.take(view, case)
    desk.vote(view, case, lease)
    assert reason_of(lambda: desk.vote(view, case, lease), ReviewRefused) == "lease_lost"
    assert len(desk.bodies("review:vote:cast")) == 1


def test_a_form_of_an_earlier_lease_is_worth_nothing(desk: Any) -> None:
    view, case = desk.officer(), desk.case()
    old = desk.take(view, case)
    desk.review.give_back(view, case)
    desk.take(view, case)
    assert reason_of(lambda: desk.vote(view, case, old), ReviewRefused) == "lease_lost"


def test_a_lease_cannot_be_stolen_by_its_id(desk: Any) -> None:
    first, second, case = desk.officer(), desk.officer(), desk.case()
    lease = desk.take(first, case)
    assert reason_of(lambda: desk.vote(second, case, lease), ReviewRefused) == "lease_lost"
    desk.vote(first, case, lease)


def test_a_lease_that_ran_out_carries_no_vote(desk: Any) -> None:
    view, case = desk.officer(), desk.case()
    lease = desk.take(view, case)
    desk.clock.wait(minutes=20)
    fresh = desk.session(view.officer_id)
    assert reason_of(lambda: desk.vote(fresh, case, lease), ReviewRefused) == "lease_lost"


def test_a_stale_passkey_casts_no_vote(desk: Any) -> None:
    view, case = desk.officer(), desk.case()
    lease = desk.take(view, case)
    desk.clock.wait(minutes=5)
    act = lambda: desk.vote(view, case, lease)  # noqa: E731
    assert reason_of(act, OfficerStepUpRequired) == "step_up_required"
    assert desk.bodies("review:vote:cast") == []
    desk.vote(desk.session(view.officer_id), case, lease)


@pytest.mark.parametrize("word", DecisionReason)
def test_a_reason_goes_with_its_decision(desk: Any, word: DecisionReason) -> None:
    view, case = desk.officer(), desk.case()
    act = lambda: desk.review.vote(  # noqa: E731
        view,
        case,
        lease_id=desk.take(view, case),
        accept=not word.accepts,
        decision=word,
        reason=AccessReason.REVIEW_OF_REGISTRATION,
    )
    assert reason_of(act, ReviewRefused) == "reason_contradicts"


def test_what_the_policy_never_accepts_no_officer_accepts(desk: Any, sound: Any) -> None:
    never = shipped_policy("sandbox").review.never
    aspect, values = next(iter(never.items()))
    case = desk.case(replace(sound, **{aspect.value: min(values)}))
    view = desk.officer()
    lease = desk.take(view, case)
    assert desk.review.file(view, case).hindrances == (aspect,)
    assert reason_of(lambda: desk.vote(view, case, lease)) == "case_not_acceptable"
    desk.vote(view, case, lease, accept=False)


def test_a_case_without_findings_takes_two_officers(desk: Any) -> None:
    case = desk.case(None)
    assert desk.review.queue(desk.officer())[0].risks == (FINDINGS_MISSING,)
    assert desk.vote(desk.officer(), case, accept=False) is None


def test_unknown_and_concluded_cases(desk: Any) -> None:
    view = desk.officer()
    assert reason_of(lambda: desk.take(view, "nothing"), CaseUnknown) == "case_unknown"
    done = desk.case(step=RegistrationStep.BIND)
    assert reason_of(lambda: desk.take(view, done), ReviewRefused) == "case_not_waiting"
    case = desk.case()
    desk.vote(view, case)
    assert reason_of(lambda: desk.take(desk.officer(), case), ReviewRefused) == "case_not_waiting"


# --- carrying out --------------------------------------------------------------------------------


def test_a_decision_that_could_not_be_carried_out_is_carried_out_later(desk: Any) -> None:
    desk.registrations.fail = [Unavailable("registry_unavailable")]
    case = desk.case()
    assert desk.vote(desk.officer(), case) is not None
    assert desk.registrations.told == []
    assert desk.review.queue(desk.officer()) == (), "it is decided"
    assert desk.review.settle() == 0, "the process that decided may still be at it"
    desk.clock.wait(minutes=2)
    assert desk.review.settle() == 1
    assert desk.review.settle() == 0
    assert len(desk.registrations.told) == 1


def test_a_registration_that_went_on_meanwhile_is_left_alone(desk: Any) -> None:
    desk.registrations.fail = [RegistrationRefused("registration_other_step")]
    desk.vote(desk.officer(), desk.case())
    assert desk.bodies("review:decision:carried-out")[0]["superseded"] is True
    desk.clock.wait(minutes=2)
    assert desk.review.settle() == 0


def test_what_registration_can_no_longer_accept_is_refused(desk: Any) -> None:
    desk.registrations.fail = [RegistrationRefused("case_not_acceptable")]
    desk.vote(desk.officer(), desk.case())
    assert [told[1:3] for told in desk.registrations.told] == [(False, "no_longer_acceptable")]
    assert desk.bodies("review:decision:carried-out")[0]["accept"] is False


def test_accesses_find_their_owner_when_there_is_one(desk: Any) -> None:
    case = desk.case()
    desk.vote(desk.officer(), case)
    with desk.store.transaction() as tx:
        record = tx.registrations.get(case)
        tx.registrations.change(record, replace(record, resident_id="r1"))
    assert desk.officers.accesses_of_resident("r1") == ()
    desk.review.settle()
    assert len(desk.officers.accesses_of_resident("r1")) == 2


# --- figures -------------------------------------------------------------------------------------


def test_todays_figures(desk: Any, sound: Any) -> None:
    desk.case()
    desk.clock.wait(days=4)
    desk.case()
    risky = desk.case(replace(sound, calibrated="no"))
    desk.clock.wait(hours=5)
    view = desk.officer()
    desk.vote(view, risky)
    decided = desk.case()
    desk.clock.wait(minutes=4)
    desk.vote(view, decided, accept=False)
    figures = desk.figures.today(view)
    assert dict(figures.waiting) == {
        "under_4_hours": 0, "under_1_day": 2, "under_3_days": 0, "older": 1
    }  # fmt: skip
    assert figures.stages[Stage.SECOND] == 1
    assert figures.oldest > timedelta(days=4)
    assert figures.median_wait == 240
    assert (figures.days[-1].accepted, figures.days[-1].refused) == (0, 1)
    assert len(figures.days) == 14
    assert figures.accesses == {"review_of_registration": 4}
    nobody = desk.officer(Role.STATION_OFFICER)
    assert reason_of(lambda: desk.figures.today(nobody), AccessDenied) == "permission_missing"


def test_an_applicant_who_waits_is_told_how_it_stands(desk: Any, sound: Any) -> None:
    case = desk.case(replace(sound, calibrated="no"))
    state = lambda: desk.waiting_room.look(case).state  # noqa: E731
    assert state() is Waiting.IN_THE_QUEUE
    assert desk.waiting_room.look(case).usual_days is None
    first = desk.officer()
    lease = desk.take(first, case)
    assert state() is Waiting.BEING_LOOKED_AT
    desk.vote(first, case, lease)
    assert state() is Waiting.SECOND_LOOK
    desk.vote(desk.officer(), case)
    assert state() is Waiting.DECIDED
    assert desk.waiting_room.look("nothing").state is Waiting.DECIDED
    assert desk.waiting_room.look(case).usual_days == 1
    for words in WAITING_WORDS.values():
        assert set(words) == {"en", "zh-Hant-HK", "zh-Hans"}
