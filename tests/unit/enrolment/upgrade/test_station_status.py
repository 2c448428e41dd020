"""A station that is taken out of work is believed in nothing that is not concluded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hkeid.enrolment.upgrade import UpgradeStep
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.ports.faces import FaceBand


def reason(act: Callable[..., Any], *args: Any, **named: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        act(*args, **named)
    return caught.value.reason


def to_confirm(lab: Any, phone: Any) -> Any:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    upgrade = lab.face(lab.kiosk, upgrade.id)
    assert upgrade.step is UpgradeStep.CONFIRM
    return upgrade


def test_what_a_revoked_station_read_is_not_confirmed(lab: Any, phone: Any) -> None:
    upgrade = to_confirm(lab, phone)
    lab.stations.revoke(lab.kiosk.id)
    assert reason(lab.confirm, upgrade, phone) == "station_revoked"
    ended = lab.upgrades.look(upgrade.id)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "station_revoked")
    assert lab.state().state is EidState.ACTIVE


def test_nor_if_it_is_revoked_while_the_passkey_is_asked_for(lab: Any, phone: Any) -> None:
    upgrade = to_confirm(lab, phone)
    who = {"binding": "b1", "resident_id": upgrade.resident_id}
    start = lab.upgrades.confirmations.start(upgrade.id, **who)
    lab.stations.revoke(lab.kiosk.id)
    answer = phone.get(start.options, "https://id.example.hk")
    finish = lab.upgrades.confirmations.finish
    assert reason(finish, upgrade.id, start.id, answer, **who) == "station_revoked"
    assert lab.state().state is EidState.ACTIVE


def test_a_suspended_station_has_it_wait(lab: Any, phone: Any) -> None:
    upgrade = to_confirm(lab, phone)
    lab.stations.suspend(lab.kiosk.id)
    assert reason(lab.confirm, upgrade, phone) == "station_suspended"
    lab.stations.resume(lab.kiosk.id)
    assert lab.confirm(upgrade, phone).step is UpgradeStep.DONE


def test_housekeeping_ends_what_a_revoked_station_left_open(lab: Any, phone: Any) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    lab.stations.suspend(lab.kiosk.id)
    assert lab.upgrades.offers.sweep() == 0
    lab.stations.revoke(lab.kiosk.id)
    assert lab.upgrades.offers.sweep() == 1
    assert lab.upgrades.look(upgrade.id).reason == "station_revoked"
    assert lab.vault.names(upgrade.id) == ()
    assert lab.upgrades.offers.sweep() == 0


def test_nobody_accepts_what_a_revoked_station_read(desk: Any, phone: Any, signs_not: Any) -> None:
    lab = desk.lab
    lab.signs_not = signs_not
    lab.resident(phone)
    upgrade = desk.offline(officer="officer:x")
    lab.stations.revoke(upgrade.station_id)
    view, other = desk.officer(), desk.officer()
    assert desk.review.queue(view)[0].risks == ("station_revoked",)
    assert reason(desk.vote, view, upgrade.case_id) == "case_not_acceptable"
    for officer in (view, other):
        desk.vote(officer, upgrade.case_id, accept=False)
    assert desk.step(upgrade) is UpgradeStep.REFUSED


def test_a_decision_before_the_revocation_is_not_carried_out_after_it(
    desk: Any, phone: Any
) -> None:
    upgrade, lab = desk.referred(phone), desk.lab
    lab.registry.down = True
    assert desk.vote(desk.officer(), upgrade.case_id).accept
    lab.stations.revoke(lab.kiosk.id)
    lab.registry.down = False
    lab.hub.clock.pass_(minutes=3)
    assert desk.review.settle() == 1
    assert desk.step(upgrade) is UpgradeStep.REFUSED


def test_what_a_suspended_station_read_takes_four_eyes(desk: Any, phone: Any) -> None:
    upgrade, lab = desk.referred(phone), desk.lab
    lab.stations.suspend(lab.kiosk.id)
    view = desk.officer()
    assert desk.review.queue(view)[0].risks == ("station_suspended",)
    assert desk.vote(view, upgrade.case_id) is None
    decide = lab.upgrades.officers.decide
    why = {"accept": True, "reason": "same_person"}
    assert reason(decide, upgrade.id, officers=("o1",), **why) == "second_officer_needed"
    assert desk.vote(desk.officer(), upgrade.case_id).accept
    assert desk.step(upgrade) is UpgradeStep.CONFIRM
    lab.hub.login(phone)
    assert reason(lab.confirm, upgrade, phone) == "station_suspended"


@pytest.mark.parametrize("step", [UpgradeStep.REVIEW, UpgradeStep.CONFIRM])
def test_the_resident_begins_anew_after_a_revoked_station(
    desk: Any, phone: Any, step: UpgradeStep
) -> None:
    lab = desk.lab
    session = lab.resident(phone)
    upgrade = lab.claim(session)
    if step is UpgradeStep.REVIEW:
        lab.matcher.band = FaceBand.REVIEW
    lab.submit(lab.kiosk, upgrade.id)
    upgrade = lab.face(lab.kiosk, upgrade.id)
    assert upgrade.step is step
    offer = lab.upgrades.offers.offer
    lab.stations.suspend(lab.kiosk.id)
    assert offer(session.view).id == upgrade.id, "it waits"
    lab.stations.revoke(lab.kiosk.id)
    again = offer(session.view)
    assert (again.id != upgrade.id, again.step) == (True, UpgradeStep.OFFERED)
    ended = lab.upgrades.look(upgrade.id)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "station_revoked")
    assert lab.vault.names(upgrade.id) == ()
    assert upgrade.case_id not in {one.id for one in desk.review.queue(desk.officer())}
    assert offer(session.view).id == again.id
