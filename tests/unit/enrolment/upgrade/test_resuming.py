"""Whom officers accepted comes back to the counter; nobody who comes in between takes that away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hkeid.enrolment.upgrade import UpgradeStep
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.officers import Role
from hkeid.testing.authenticator import SoftwareAuthenticator


def reason(act: Callable[..., Any], *args: Any, **named: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        act(*args, **named)
    return caught.value.reason


def next_one(lab: Any, begun: str) -> Any:
    offers = lab.upgrades.offers
    begin = offers.begin_recovery if begun == "recovery" else offers.begin_with_card
    return begin(lab.counter, "officer-1")


@pytest.mark.parametrize("begun", ["card", "recovery"])
def test_the_next_customer_leaves_what_officers_accepted(
    lab: Any, accepted: Any, begun: str
) -> None:
    left = next_one(lab, "card")
    after = next_one(lab, begun)
    kept = lab.upgrades.look(accepted.id)
    assert (kept.step, kept.version) == (UpgradeStep.BIND, accepted.version)
    assert lab.vault.names(accepted.id) != ()
    assert lab.upgrades.look(left.id).step is UpgradeStep.CANCELLED, "who left has left"
    assert lab.upgrades.at_station(lab.counter.id).id == after.id


def test_a_case_that_waits_for_its_person_keeps_no_station_busy(lab: Any, accepted: Any) -> None:
    assert lab.upgrades.at_station(lab.counter.id) is None


def test_the_person_comes_back_with_the_reference_number(
    lab: Any, accepted: Any, origin: str
) -> None:
    left = next_one(lab, "card")
    typed = accepted.receipt.lower().replace("-", " ").replace("0", "o")
    found = lab.upgrades.offers.resume(lab.counter, typed, "officer-2")
    assert found.id == accepted.id
    assert lab.upgrades.look(left.id).step is UpgradeStep.CANCELLED
    (said,) = lab.hub.bodies("enrolment:upgrade:resumed")
    assert (said["upgrade_id"], said["officer"]) == (accepted.id, "officer-2")
    lab.compared(found, "officer-2")
    counter, key = lab.upgrades.counter, SoftwareAuthenticator()
    start = counter.start(lab.counter, found.id, "officer-2", binding="seat")
    answer = key.create(start.options, origin)
    where = (lab.counter, found.id, start.id)
    bound = counter.finish(*where, answer, binding="seat", label="Key", officer="officer-2")
    next_one(lab, "card")
    done = lab.confirm(bound, key, binding="seat", station=lab.counter)
    assert lab.state(done.resident_id).state is EidState.UPGRADED


def test_what_cannot_be_resumed(lab: Any, accepted: Any, desk: Any, another_person: Any) -> None:
    resume = lab.upgrades.offers.resume
    waiting = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    assert reason(resume, lab.counter, accepted.receipt, None) == "officer_missing"
    assert reason(resume, lab.kiosk, accepted.receipt, "o") == "station_not_allowed"
    assert reason(resume, lab.counter, "7F3K", "o") == "receipt_malformed"
    assert reason(resume, lab.counter, "7F3K-9Q2M-XA4D", "o") == "receipt_unknown"
    assert reason(resume, lab.counter, waiting.receipt, "o") == "receipt_unknown"
    own = desk.officer(Role.STATION_OFFICER, own_number=another_person.hkic_number)
    assert reason(resume, lab.counter, accepted.receipt, own.officer_id) == "own_record"
    lab.hub.clock.pass_(days=8)
    assert reason(resume, lab.counter, accepted.receipt, "o") == "receipt_unknown"


def test_reference_numbers_are_not_tried_without_end(lab: Any, accepted: Any) -> None:
    resume, tries = lab.upgrades.offers.resume, lab.stations.settings.number_attempts
    for _ in range(tries):
        assert reason(resume, lab.counter, "7F3K-9Q2M-XA4D", "o") == "receipt_unknown"
    assert reason(resume, lab.counter, accepted.receipt, "o") == "station_attempts_exhausted"


def test_neither_leaving_nor_standing_idle_undoes_what_officers_accepted(
    lab: Any, accepted: Any
) -> None:
    offers = lab.upgrades.offers
    offers.resume(lab.counter, accepted.receipt, "officer-2")
    lab.compared(accepted, "officer-2")
    offers.cancel(accepted.id, station=lab.counter)
    kept = lab.upgrades.look(accepted.id)
    assert (kept.step, kept.facts.get("returned")) == (UpgradeStep.BIND, None)
    assert lab.vault.names(accepted.id) != ()
    assert offers.resume(lab.counter, accepted.receipt, "officer-2").id == accepted.id
    offers.cancel(accepted.id, station=lab.counter, sure=True)
    assert lab.upgrades.look(accepted.id).reason == "cancelled_at_station"
    assert lab.vault.names(accepted.id) == ()


def test_the_evidence_lives_as_long_as_the_acceptance(lab: Any, referred: Any, origin: str) -> None:
    lab.hub.clock.pass_(days=6)
    decide = lab.upgrades.officers.decide
    accepted = decide(referred.id, accept=True, reason="same_person", officers=("o1", "o2"))
    assert lab.vault.ends[accepted.id] == accepted.expires_at
    lab.hub.clock.pass_(days=6)
    lab.upgrades.sweep()
    lab.upgrades.offers.resume(lab.counter, accepted.receipt, "officer-2")
    lab.compared(accepted, "officer-2")
    counter, key = lab.upgrades.counter, SoftwareAuthenticator()
    start = counter.start(lab.counter, accepted.id, "officer-2", binding="seat")
    where = (lab.counter, accepted.id, start.id, key.create(start.options, origin))
    bound = counter.finish(*where, binding="seat", label="Key", officer="officer-2")
    assert bound.step is UpgradeStep.CONFIRM


def test_who_is_refused_has_no_evidence_kept_any_longer(lab: Any, referred: Any) -> None:
    ends = lab.vault.ends[referred.id]
    lab.hub.clock.pass_(days=6)
    lab.upgrades.officers.decide(referred.id, accept=False, reason="other_person", officers=("o1",))
    assert lab.vault.ends[referred.id] == ends
    assert lab.vault.names(referred.id) == ()
