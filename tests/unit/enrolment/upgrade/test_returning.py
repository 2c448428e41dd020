"""A reference number proves nothing: the officer looks who came back before a key is made for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hkeid.enrolment.stations import StationMode
from hkeid.enrolment.upgrade import OnDuty, UpgradeStep
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.officers import Role
from hkeid.ports.faces import FaceBand
from hkeid.testing.authenticator import SoftwareAuthenticator


def reason(act: Callable[..., Any], *args: Any, **named: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        act(*args, **named)
    return caught.value.reason


def start(lab: Any, upgrade: Any, officer: str) -> Any:
    return lab.upgrades.counter.start(lab.counter, upgrade.id, officer, binding="seat")


def duty_of(lab: Any, view: Any) -> OnDuty:
    return OnDuty(officer=view.officer_id, role=Role.STATION_OFFICER, until=lab.hub.clock.now())


def test_whoever_brings_the_reference_number_gets_no_key(lab: Any, accepted: Any) -> None:
    lab.upgrades.offers.resume(lab.counter, accepted.receipt, "officer-2")
    assert reason(start, lab, accepted, "officer-2") == "person_not_compared"
    kept = lab.upgrades.look(accepted.id)
    assert (kept.step, kept.resident_id) == (UpgradeStep.BIND, None), "not even an entry is made"


def test_the_officer_sees_whose_case_it_is_and_says_yes(
    desk: Any, accepted: Any, another_person: Any, origin: str
) -> None:
    lab, me = desk.lab, desk.officer(Role.STATION_OFFICER)
    lab.upgrades.offers.resume(lab.counter, accepted.receipt, me.officer_id)
    shown = lab.upgrades.returns.shows(lab.counter, accepted.id, duty_of(lab, me))
    assert (shown.name, shown.portrait) == (another_person.name, b"portrait")
    lab.upgrades.returns.says(lab.counter, accepted.id, duty_of(lab, me), same=True)
    (said,) = lab.hub.bodies("enrolment:upgrade:return-compared")
    assert (said["officer"], said["same"]) == (me.officer_id, True)
    key = SoftwareAuthenticator()
    begun = start(lab, accepted, me.officer_id)
    where = (lab.counter, accepted.id, begun.id, key.create(begun.options, origin))
    finish = lab.upgrades.counter.finish
    bound = finish(*where, binding="seat", label="Key", officer=me.officer_id)
    done = lab.confirm(bound, key, binding="seat", station=lab.counter)
    assert lab.state(done.resident_id).state is EidState.UPGRADED


def test_a_no_leaves_the_case_for_its_person(desk: Any, accepted: Any) -> None:
    lab, me = desk.lab, desk.officer(Role.STATION_OFFICER)
    lab.upgrades.offers.resume(lab.counter, accepted.receipt, me.officer_id)
    lab.upgrades.returns.says(lab.counter, accepted.id, duty_of(lab, me), same=False)
    (said,) = lab.hub.bodies("enrolment:upgrade:return-compared")
    assert (said["officer"], said["same"]) == (me.officer_id, False)
    kept = lab.upgrades.look(accepted.id)
    assert (kept.step, kept.expires_at) == (UpgradeStep.BIND, accepted.expires_at)
    assert lab.vault.names(accepted.id) != ()
    assert reason(start, lab, accepted, me.officer_id) == "person_not_compared"
    lab.upgrades.offers.resume(lab.counter, accepted.receipt, me.officer_id)
    lab.compared(accepted, me.officer_id)
    assert start(lab, accepted, me.officer_id) is not None


def test_a_no_takes_an_earlier_yes_back(lab: Any, accepted: Any) -> None:
    lab.compared(accepted, "officer-2")
    lab.compared(accepted, "officer-2", same=False)
    assert reason(start, lab, accepted, "officer-2") == "person_not_compared"


@pytest.mark.parametrize("then", ["resumed", "next", "left", "another", "later"])
def test_the_answer_holds_for_this_time_and_this_officer(
    lab: Any, accepted: Any, then: str, origin: str
) -> None:
    offers, officer = lab.upgrades.offers, "officer-2"
    offers.resume(lab.counter, accepted.receipt, officer)
    lab.compared(accepted, officer)
    begun = start(lab, accepted, officer)
    match then:
        case "resumed":
            offers.resume(lab.counter, accepted.receipt, officer)
        case "next":
            offers.begin_with_card(lab.counter, officer)
        case "left":
            offers.cancel(accepted.id, station=lab.counter)
        case "another":
            officer = "officer-3"
        case "later":
            lab.hub.clock.pass_(minutes=15)
    assert reason(start, lab, accepted, officer) == "person_not_compared"
    answer = SoftwareAuthenticator().create(begun.options, origin)
    where = (lab.counter, accepted.id, begun.id, answer)
    finish = lab.upgrades.counter.finish
    for who in (officer, None):
        refused = reason(finish, *where, binding="seat", label="Key", officer=who)
        assert refused == "person_not_compared"


def test_each_look_stands_among_the_accesses(desk: Any, accepted: Any) -> None:
    lab, mine = desk.lab, desk.officer(Role.STATION_OFFICER)
    duty, returns = duty_of(lab, mine), lab.upgrades.returns

    def noted() -> int:
        with lab.hub.store.transaction() as tx:
            found = tx.record_accesses.of_case(accepted.case_id, limit=20)
        assert {one.officer_id for one in found} <= {mine.officer_id}
        return len(found)

    for times in (1, 2):
        lab.upgrades.offers.resume(lab.counter, accepted.receipt, mine.officer_id)
        for _ in range(2):
            returns.shows(lab.counter, accepted.id, duty)
        assert noted() == times, "once each time that they come"
    lab.upgrades.offers.resume(lab.counter, accepted.receipt, mine.officer_id)
    returns.says(lab.counter, accepted.id, duty, same=False)
    assert noted() == 3, "whoever answers has looked"


def test_who_may_not_look_or_answer(desk: Any, accepted: Any, another_person: Any) -> None:
    lab = desk.lab
    returns, me = lab.upgrades.returns, duty_of(lab, desk.officer(Role.STATION_OFFICER))
    own = desk.officer(Role.STATION_OFFICER, own_number=another_person.hkic_number)
    elsewhere = lab.station(StationMode.COUNTER)
    for act in (returns.shows, lambda *one: returns.says(*one, same=True)):
        assert reason(act, lab.counter, accepted.id, duty_of(lab, own)) == "own_record"
        assert reason(act, elsewhere, accepted.id, me) == "upgrade_unknown"
    says = returns.says
    assert reason(says, lab.counter, accepted.id, None, same=True) == "officer_missing"
    lab.vault.destroy(accepted.id)
    assert reason(returns.shows, lab.counter, accepted.id, me) == "evidence_destroyed"


def test_nobody_comes_back_whom_no_officer_had_to_accept(
    lab: Any, phone: Any, another_person: Any
) -> None:
    lab.resident(phone)
    lab.person, lab.registry.face = another_person, FaceBand.NOT_ASSESSED
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    lab.submit(lab.counter, upgrade.id)
    upgrade = lab.upgrades.officers.says(lab.counter, upgrade.id, "officer-1", same=True)
    if upgrade.step is UpgradeStep.REVIEW:
        pytest.fail(f"referred: {upgrade.reason}")
    assert reason(lab.compared, upgrade, "officer-1") == "upgrade_other_step"
    assert start(lab, upgrade, "officer-1") is not None
