"""Officers at a station: who served a person decides nothing about them, and nobody serves themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hkeid.enrolment.stations import StationMode
from hkeid.enrolment.upgrade import OfficersOnDuty, UpgradeStep
from hkeid.identity.hkic_number import HkicNumber, check_character_of
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.officers import Role
from hkeid.ports.faces import FaceBand, PadClaim

NUMBER = HkicNumber("A111111", check_character_of("A111111"))


def reason(act: Callable[..., Any], *args: Any, **named: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        act(*args, **named)
    return caught.value.reason


@pytest.fixture
def on_duty(lab: Any) -> OfficersOnDuty:
    return OfficersOnDuty(lab.hub.memory, lab.hub.clock)


def both(desk: Any, **more: Any) -> Any:
    """An officer of the counter who reviews as well."""
    return desk.officer(Role.STATION_OFFICER, Role.REGISTRATION_OFFICER, **more)


def sit(on_duty: OfficersOnDuty, station: Any, view: Any) -> Any:
    on_duty.sign_on(station, view.officer_id, session=view.session_id)
    return on_duty.act(station.id)


def doubtful_face(lab: Any, upgrade: Any) -> Any:
    """The camera instead of the officer's button, and a check that nobody assessed."""
    lab.liveness.claim = PadClaim.NONE
    upgrade = lab.face(lab.counter, upgrade.id)
    assert upgrade.step is UpgradeStep.REVIEW
    return upgrade


@pytest.mark.parametrize("since", ["claim", "chip", "face"])
def test_who_sat_there_does_not_decide_although_a_camera_compared(
    desk: Any, on_duty: OfficersOnDuty, phone: Any, since: str
) -> None:
    lab, seat, other = desk.lab, both(desk), both(desk)
    session = lab.resident(phone)
    if since == "claim":
        sit(on_duty, lab.counter, seat)
    upgrade = lab.claim(session, lab.counter)
    if since == "claim":
        on_duty.sign_off(lab.counter)
    if since == "chip":
        sit(on_duty, lab.counter, seat)
    lab.submit(lab.counter, upgrade.id)
    if since == "chip":
        on_duty.sign_off(lab.counter)
    if since == "face":
        sit(on_duty, lab.counter, seat)
    upgrade = doubtful_face(lab, upgrade)
    assert upgrade.officer is None
    assert reason(desk.vote, seat, upgrade.case_id) == "served_yourself"
    queued = {view.officer_id: desk.review.queue(view)[0].takeable for view in (seat, other)}
    assert queued == {seat.officer_id: False, other.officer_id: True}
    assert desk.vote(other, upgrade.case_id).officers == (other.officer_id,)


def test_an_officer_whose_seat_was_idle_served_all_the_same(
    desk: Any, on_duty: OfficersOnDuty, phone: Any
) -> None:
    """They let the camera work, and need nothing from the seat meanwhile."""
    lab, seat, other = desk.lab, both(desk), both(desk)
    session = lab.resident(phone)
    sit(on_duty, lab.counter, seat)
    lab.hub.clock.pass_(minutes=31)
    assert on_duty.act(lab.counter.id) is None
    upgrade = lab.claim(session, lab.counter)
    lab.submit(lab.counter, upgrade.id)
    upgrade = doubtful_face(lab, upgrade)
    assert upgrade.facts["served"] == [seat.officer_id]
    queued = {view.officer_id: desk.review.queue(view)[0].takeable for view in (seat, other)}
    assert queued == {seat.officer_id: False, other.officer_id: True}


def test_who_sat_there_yesterday_did_not_serve(
    desk: Any, on_duty: OfficersOnDuty, phone: Any
) -> None:
    lab, seat = desk.lab, both(desk)
    session = lab.resident(phone)
    sit(on_duty, lab.counter, seat)
    lab.hub.clock.pass_(hours=9)
    upgrade = lab.claim(session, lab.counter)
    lab.submit(lab.counter, upgrade.id)
    assert "served" not in doubtful_face(lab, upgrade).facts


def test_everyone_who_was_shown_the_portrait_served(
    desk: Any, on_duty: OfficersOnDuty, phone: Any
) -> None:
    lab, seats = desk.lab, [both(desk), both(desk)]
    upgrade = lab.claim(lab.resident(phone), lab.counter)
    lab.submit(lab.counter, upgrade.id)
    for seat in seats:
        lab.upgrades.officers.looks(lab.counter, upgrade.id, sit(on_duty, lab.counter, seat))
    on_duty.sign_off(lab.counter)
    upgrade = doubtful_face(lab, upgrade)
    assert [reason(desk.take, seat, upgrade.case_id) for seat in seats] == ["served_yourself"] * 2
    assert len(desk.officers.accesses_of_resident(lab.resident_id)) == 2, "once for each"


def test_an_officer_does_not_upgrade_their_own_eid(
    desk: Any, on_duty: OfficersOnDuty, phone: Any
) -> None:
    lab = desk.lab
    lab.resident(phone)
    me = desk.officer(Role.STATION_OFFICER, own_number=lab.person.hkic_number)
    duty = sit(on_duty, lab.counter, me)
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, duty.officer)
    upgrade = lab.submit(lab.counter, upgrade.id)
    assert (upgrade.step, upgrade.reason) == (UpgradeStep.REFUSED, "own_record")
    assert lab.state().state is EidState.ACTIVE
    (denied,) = lab.hub.bodies("officers:access:denied")
    assert (denied["officer_id"], denied["denied"]) == (me.officer_id, "own_record")


def test_an_officer_neither_looks_nor_says_about_themselves(
    desk: Any, on_duty: OfficersOnDuty, phone: Any
) -> None:
    """The card was read while somebody else sat there, or nobody."""
    lab = desk.lab
    session = lab.resident(phone)
    me = desk.officer(Role.STATION_OFFICER, own_number=lab.person.hkic_number)
    upgrade = lab.claim(session, lab.counter)
    lab.submit(lab.counter, upgrade.id)
    duty = sit(on_duty, lab.counter, me)
    officers = lab.upgrades.officers
    assert reason(officers.looks, lab.counter, upgrade.id, duty) == "own_record"
    says = (lab.counter, upgrade.id, duty.officer)
    assert reason(officers.says, *says, same=True) == "own_record"
    assert lab.upgrades.look(upgrade.id).step is UpgradeStep.FACE
    assert len(lab.hub.bodies("officers:access:denied")) == 2


def test_an_officer_without_an_eid_does_not_register_themselves(
    desk: Any, on_duty: OfficersOnDuty, phone: Any, another_person: Any
) -> None:
    lab = desk.lab
    lab.resident(phone)
    lab.person = another_person
    me = desk.officer(Role.STATION_OFFICER, own_number=another_person.hkic_number)
    other = desk.officer(Role.STATION_OFFICER)
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, other.officer_id)
    lab.submit(lab.counter, upgrade.id)
    officers = lab.upgrades.officers
    assert reason(officers.says, lab.counter, upgrade.id, me.officer_id, same=True) == "own_record"
    officers.says(lab.counter, upgrade.id, other.officer_id, same=True)
    start = lab.upgrades.counter.start
    assert reason(start, lab.counter, upgrade.id, me.officer_id, binding="s") == "own_record"


def test_a_team_does_not_bring_home_its_own_officer(desk: Any, phone: Any, signs_not: Any) -> None:
    lab = desk.lab
    lab.signs_not = signs_not
    lab.resident(phone)
    me = desk.officer(Role.STATION_OFFICER, own_number=lab.person.hkic_number)
    upgrade = desk.offline(officer=me.officer_id, refused=True)
    assert (upgrade.step, upgrade.reason) == (UpgradeStep.REFUSED, "own_record")
    assert upgrade.channel is StationMode.MOBILE


def test_one_person_is_one_officer(desk: Any) -> None:
    desk.officer(own_number=NUMBER)
    assert reason(desk.officer, own_number=NUMBER) == "own_number_taken"
    desk.officer()
    desk.officer()


def test_two_entries_of_one_person_are_two_eyes(desk: Any, phone: Any) -> None:
    """Entries from before they had to be different."""
    first, second = (desk.officer(repeated=NUMBER) for _ in range(2))
    third = desk.officer()
    upgrade = desk.referred(phone, claim=PadClaim.LEVEL_1, band=FaceBand.REVIEW)
    assert desk.vote(first, upgrade.case_id) is None
    assert reason(desk.vote, second, upgrade.case_id) == "voted_already"
    assert not desk.review.queue(second)[0].takeable
    assert desk.vote(third, upgrade.case_id) is not None


def test_another_entry_of_who_served_does_not_decide(
    desk: Any, on_duty: OfficersOnDuty, phone: Any
) -> None:
    lab, seat, again = desk.lab, both(desk, repeated=NUMBER), both(desk, repeated=NUMBER)
    sit(on_duty, lab.counter, seat)
    upgrade = lab.claim(lab.resident(phone), lab.counter)
    lab.submit(lab.counter, upgrade.id)
    upgrade = doubtful_face(lab, upgrade)
    assert reason(desk.take, again, upgrade.case_id) == "served_yourself"
