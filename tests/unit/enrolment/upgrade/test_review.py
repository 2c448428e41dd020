"""Upgrades that no machine can decide are cases of the officers' desk; each is decided once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hkeid.chip.evidence import ChipGenuine
from hkeid.enrolment.review import (
    CaseKind,
    UpgradeFile,
)
from hkeid.enrolment.upgrade import OfficersOnDuty, UpgradeStep
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.officers import AccessReason, Role
from hkeid.ports.faces import FaceBand, PadClaim
from hkeid.ports.registry import RegistryStatus
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.store_contract.crowd import Crowd

WHY = AccessReason.REVIEW_OF_UPGRADE


def reason(act: Callable[..., Any], *args: Any, **named: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        act(*args, **named)
    return caught.value.reason


def outcome(act: Callable[[], Any]) -> str:
    try:
        made = act()
    except HkeidError as error:
        return error.reason
    return "done" if made is None or isinstance(made, str) else "decided"


def test_an_officer_decides_and_the_resident_confirms_at_home(desk: Any, phone: Any) -> None:
    upgrade, view = desk.referred(phone), desk.officer()
    (queued,) = desk.review.queue(view)
    assert (queued.kind, queued.id) == (CaseKind.UPGRADE, upgrade.case_id)
    assert (queued.reference, queued.reason) == (upgrade.receipt, "liveness_not_assured")
    assert (queued.risks, queued.takeable) == ((), True)
    desk.take(view, upgrade.case_id)
    file = desk.review.file(view, upgrade.case_id)
    assert isinstance(file, UpgradeFile)
    assert file.pictures == ("portrait", "face")
    chip = {row.name: row.chip for row in file.fields}
    assert chip["hkic_number"] == desk.lab.person.as_fields()["hkic_number"]
    assert not any(row.differs for row in file.fields)
    assert ("genuine", "active") in file.facts
    assert (file.station, file.channel, file.officer) == ("Station kiosk", "kiosk", False)
    assert desk.review.picture(view, upgrade.case_id, "face") == b"frame"
    made = desk.vote(view, upgrade.case_id, file.lease.id)
    assert made.officers == (view.officer_id,)
    found = desk.lab.upgrades.look(upgrade.id)
    assert (found.step, found.officer) == (UpgradeStep.CONFIRM, view.officer_id)
    assert desk.lab.vault.names(upgrade.id) == (), "no picture outlives the decision"
    assert desk.lab.state().state is EidState.ACTIVE, "nothing but the passkey makes an eID+"
    desk.lab.hub.clock.pass_(days=6)
    desk.lab.hub.login(phone)
    assert desk.lab.confirm(found, phone).step is UpgradeStep.DONE
    seen = desk.officers.accesses_of_resident(desk.lab.resident_id)
    assert {one.why for one in seen} == {WHY}
    assert len(seen) == 2, "opened and decided"
    assert desk.review.queue(desk.officer()) == ()


def test_a_refusal_ends_it_and_leaves_nothing(desk: Any, phone: Any) -> None:
    upgrade = desk.referred(phone)
    desk.vote(desk.officer(), upgrade.case_id, accept=False)
    ended = desk.lab.upgrades.look(upgrade.id)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "review_refused")
    assert desk.lab.vault.names(upgrade.id) == ()
    assert desk.lab.registry.asked == []


@pytest.mark.parametrize(
    ("matcher", "risks"),
    [
        ({"band": FaceBand.REVIEW}, ("face_near_threshold",)),
        ({"calibration": None}, ("no_calibration",)),
    ],
)
def test_risky_upgrades_take_four_eyes(desk: Any, phone: Any, matcher: Any, risks: Any) -> None:
    upgrade = desk.referred(phone, claim=PadClaim.LEVEL_1, **matcher)
    first, second = desk.officer(), desk.officer(Role.SENIOR_OFFICER)
    assert desk.review.queue(first)[0].risks == risks
    assert desk.vote(first, upgrade.case_id) is None
    assert desk.step(upgrade) is UpgradeStep.REVIEW
    assert not desk.review.queue(first)[0].takeable
    assert reason(desk.take, first, upgrade.case_id) == "voted_already"
    made = desk.vote(second, upgrade.case_id)
    assert set(made.officers) == {first.officer_id, second.officer_id}
    assert desk.step(upgrade) is UpgradeStep.CONFIRM


def test_a_face_that_nobody_saw_cannot_be_accepted(desk: Any, phone: Any) -> None:
    lab = desk.lab
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    lab.matcher.refuses = "face_second"
    for _ in range(3):
        upgrade = lab.face(lab.kiosk, upgrade.id)
    assert upgrade.reason == "face_tries_spent"
    view = desk.officer()
    assert desk.review.queue(view)[0].risks == ("face_unseen",)
    assert reason(desk.vote, view, upgrade.case_id) == "case_not_acceptable"
    for officer in (view, desk.officer()):
        desk.vote(officer, upgrade.case_id, accept=False)
    assert desk.step(upgrade) is UpgradeStep.REFUSED


def recovery(desk: Any, phone: Any) -> Any:
    """Somebody who lost every passkey, at the counter, with the card on the reader."""
    lab = desk.lab
    lab.resident(phone)
    lab.person = replace(lab.person, birth_date=BirthDate.parse("1968-09-21"))
    upgrade = lab.upgrades.offers.begin_recovery(lab.counter, "o1")
    return lab.submit(lab.counter, upgrade.id)


def test_a_recovery_takes_the_officer_at_the_counter_and_one_at_the_desk(
    desk: Any, phone: Any
) -> None:
    lab, seat, second = desk.lab, desk.officer(), desk.officer()
    upgrade = recovery(desk, phone)
    says = lab.upgrades.officers.says
    waits = says(lab.counter, upgrade.id, seat.officer_id, same=True)
    assert reason(desk.take, seat, waits.case_id) == "served_yourself"
    (queued,) = desk.review.queue(second)
    assert (queued.reason, queued.risks) == ("recovery_second_officer", ())
    lease = desk.take(second, waits.case_id)
    assert desk.review.file(second, waits.case_id).recovers
    made = desk.vote(second, waits.case_id, lease)
    assert made.officers == (second.officer_id,)
    decided = lab.upgrades.look(waits.id)
    assert decided.step is UpgradeStep.BIND
    officers = decided.facts["registration"]["decision"]["officers"]
    assert officers == [seat.officer_id, second.officer_id]


def test_a_recovery_by_a_camera_that_nobody_assessed_takes_two_at_the_desk(
    desk: Any, phone: Any
) -> None:
    lab = desk.lab
    upgrade = recovery(desk, phone)
    lab.liveness.claim = PadClaim.NONE
    waits = lab.face(lab.counter, upgrade.id)
    assert waits.reason == "liveness_not_assured"
    assert desk.vote(desk.officer(), waits.case_id) is None
    assert desk.vote(desk.officer(), waits.case_id) is not None
    assert desk.step(waits) is UpgradeStep.BIND


def test_offline_readings_are_cases_of_the_same_desk(desk: Any, phone: Any, signs_not: Any) -> None:
    desk.lab.signs_not = signs_not
    desk.lab.resident(phone)
    team = desk.officer(Role.REGISTRATION_OFFICER, Role.STATION_OFFICER)
    upgrade, view = desk.offline(officer=team.officer_id), desk.officer()
    assert desk.review.queue(view)[0].risks == ()
    assert not desk.review.queue(team)[0].takeable, "who served the person does not decide"
    assert reason(desk.take, team, upgrade.case_id) == "served_yourself"
    desk.take(view, upgrade.case_id)
    file = desk.review.file(view, upgrade.case_id)
    assert (file.offline, file.officer, file.pictures) == (True, True, ("portrait",))
    assert desk.vote(view, upgrade.case_id, file.lease.id) is not None
    assert desk.step(upgrade) is UpgradeStep.CONFIRM
    assert len(desk.lab.registry.asked) == 1, "the register was not asked before"


@pytest.mark.parametrize(
    ("signed_on", "genuine", "risks"),
    [
        (False, ChipGenuine.ACTIVE, ("nobody_on_duty",)),
        (True, ChipGenuine.CHIP, ("proof_rests_on_station",)),
    ],
)
def test_an_offline_reading_that_rests_on_the_team_takes_four_eyes(
    desk: Any, phone: Any, signs_not: Any, signed_on: bool, genuine: Any, risks: Any
) -> None:
    desk.lab.signs_not = signs_not
    desk.lab.resident(phone)
    upgrade = desk.offline(officer="officer:x" if signed_on else None, genuine=genuine)
    view = desk.officer()
    assert desk.review.queue(view)[0].risks == risks
    assert desk.vote(view, upgrade.case_id) is None
    assert desk.step(upgrade) is UpgradeStep.REVIEW


def test_what_other_officers_and_other_reasons_cannot(desk: Any, phone: Any) -> None:
    upgrade = desk.referred(phone)
    case, view, other = upgrade.case_id, desk.officer(), desk.officer(Role.SENIOR_OFFICER)
    for wrong in (AccessReason.REVIEW_OF_REGISTRATION, AccessReason.COMPLAINT):
        assert reason(desk.take, view, case, wrong) == "reason_not_allowed"
    for role in (Role.STATION_OFFICER, Role.AUDITOR, Role.OPERATOR, Role.PRIVACY_OFFICER):
        assert reason(desk.take, desk.officer(role), case) == "permission_missing"
    lease = desk.take(view, case)
    assert reason(desk.take, other, case) == "case_leased"
    assert reason(desk.review.file, other, case) == "lease_missing"
    assert reason(desk.review.picture, other, case, "face") == "lease_missing"
    assert reason(desk.vote, other, case, lease) == "lease_lost"
    for name in ("document", "access", "liveness", "ticket", "card", "../x"):
        assert reason(desk.review.picture, view, case, name) == "picture_unknown"
    desk.lab.hub.clock.pass_(minutes=21)
    assert reason(desk.review.picture, view, case, "face") == "lease_missing"
    assert desk.step(upgrade) is UpgradeStep.REVIEW
    for unknown in ("upgrade.x", "upgrade.", "x"):
        assert reason(desk.take, view, unknown) == "case_unknown"


def test_a_replayed_vote_and_a_vote_on_what_is_over(desk: Any, phone: Any) -> None:
    upgrade, view = desk.referred(phone), desk.officer()
    lease = desk.take(view, upgrade.case_id)
    desk.vote(view, upgrade.case_id, lease)
    assert reason(desk.vote, view, upgrade.case_id, lease) == "lease_lost"
    assert reason(desk.take, view, upgrade.case_id) == "case_not_waiting"
    assert len(desk.lab.hub.bodies("enrolment:upgrade:reviewed")) == 1


def test_nobody_decides_about_their_own_upgrade(desk: Any, phone: Any) -> None:
    upgrade = desk.referred(phone)
    own = desk.officer(own_number=desk.lab.person.hkic_number)
    assert reason(desk.take, own, upgrade.case_id) == "own_record"


def test_while_the_register_does_not_answer_nothing_is_decided(desk: Any, phone: Any) -> None:
    upgrade, lab = desk.referred(phone), desk.lab
    lab.registry.down = True
    assert desk.vote(desk.officer(), upgrade.case_id) is not None
    assert desk.step(upgrade) is UpgradeStep.REVIEW
    assert desk.review.settle() == 0, "the first attempt has its time"
    lab.hub.clock.pass_(minutes=3)
    assert desk.review.settle() == 0
    lab.registry.down = False
    lab.hub.clock.pass_(minutes=3)
    assert desk.review.settle() == 1
    assert desk.step(upgrade) is UpgradeStep.CONFIRM
    assert len(lab.hub.bodies("enrolment:upgrade:reviewed")) == 1


def test_what_the_register_says_last_counts(desk: Any, phone: Any) -> None:
    upgrade, lab = desk.referred(phone), desk.lab
    lab.registry.status = RegistryStatus.REPORTED_LOST
    desk.vote(desk.officer(), upgrade.case_id)
    ended = lab.upgrades.look(upgrade.id)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "registry_reported_lost")
    assert lab.vault.names(upgrade.id) == ()


def test_figures_count_upgrades_too(desk: Any, phone: Any) -> None:
    upgrade, view = desk.referred(phone), desk.officer()
    assert sum(desk.figures.today(view).waiting.values()) == 1
    desk.vote(view, upgrade.case_id)
    figures = desk.figures.today(view)
    assert sum(figures.waiting.values()) == 0
    assert sum(day.accepted for day in figures.days) == 1


def test_the_officer_at_the_counter_leaves_an_access(desk: Any, phone: Any) -> None:
    lab, hub = desk.lab, desk.lab.hub
    view, on_duty = desk.officer(Role.STATION_OFFICER), OfficersOnDuty(hub.memory, hub.clock)
    on_duty.sign_on(lab.counter, view.officer_id, session=view.session_id)
    upgrade = lab.claim(lab.resident(phone), lab.counter)
    lab.submit(lab.counter, upgrade.id)
    duty = on_duty.who(lab.counter.id, hub.clock.now())
    for _ in range(3):
        picture = lab.upgrades.officers.looks(lab.counter, upgrade.id, duty)
        assert picture == b"portrait"
    lab.upgrades.officers.says(lab.counter, upgrade.id, duty.officer, same=True)
    assert reason(lab.upgrades.officers.looks, lab.counter, upgrade.id, duty) == (
        "upgrade_other_step"
    )
    (seen,) = desk.officers.accesses_of_resident(lab.resident_id)
    assert (seen.role, seen.why) == (Role.STATION_OFFICER, AccessReason.RESIDENT_AT_COUNTER)


# --- races ----------------------------------------------------------------------------------------


def test_one_lease_and_one_decision_among_many(desk_on_each_store: Any, phone: Any) -> None:
    desk = desk_on_each_store
    upgrade = desk.referred(phone)
    views = [desk.officer() for _ in range(12)]
    with Crowd[str](12) as crowd:
        found = crowd.at_once(lambda n: outcome(lambda: desk.take(views[n], upgrade.case_id)))
        assert found.count("done") == 1, found
        assert found.count("case_leased") == 11, found
        winner = views[found.index("done")]
        lease = desk.take(winner, upgrade.case_id)
        found = crowd.at_once(lambda _: outcome(lambda: desk.vote(winner, upgrade.case_id, lease)))
    assert found.count("decided") == 1, found
    assert desk.step(upgrade) is UpgradeStep.CONFIRM
    assert len(desk.lab.hub.bodies("enrolment:upgrade:reviewed")) == 1
    assert len(desk.lab.hub.bodies("review:decision:carried-out")) == 1


def test_many_who_settle_decide_the_upgrade_once(desk_on_each_store: Any, phone: Any) -> None:
    desk = desk_on_each_store
    upgrade = desk.referred(phone)
    desk.lab.registry.down = True
    desk.vote(desk.officer(), upgrade.case_id)
    desk.lab.registry.down = False
    desk.lab.hub.clock.pass_(minutes=3)
    with Crowd[int](12) as crowd:
        found = crowd.at_once(lambda _: desk.review.settle())
    assert sum(found) == 1, found
    assert len(desk.lab.hub.bodies("enrolment:upgrade:reviewed")) == 1


def test_killed_while_deciding(
    make_desk: Any, make_lab: Any, make_hub_on_each_store: Any, killed: type[BaseException]
) -> None:
    """A kill loses no vote that was answered, and the decision is carried out once in the end."""
    kill_at = 0
    while True:
        kill_at += 1
        desk, phone = make_desk(make_lab(hub=make_hub_on_each_store())), SoftwareAuthenticator()
        upgrade, view = desk.referred(phone), desk.officer()
        lease = desk.take(view, upgrade.case_id)
        steps = desk.lab.hub.steps
        steps.count, steps.kill_at = 0, kill_at
        try:
            desk.vote(view, upgrade.case_id, lease)
            through = True
        except killed:
            through = False
        steps.kill_at = None
        desk.lab.hub.clock.pass_(minutes=3)
        desk.review.settle()
        decided = len(desk.lab.hub.bodies("review:case:decided"))
        assert decided <= 1
        assert len(desk.lab.hub.bodies("enrolment:upgrade:reviewed")) == decided
        assert (desk.step(upgrade) is UpgradeStep.CONFIRM) == bool(decided)
        assert desk.lab.hub.trail_is_sound()
        if through:
            assert decided == 1
            break
    assert kill_at > 5
