"""The register is asked again where days lie between a decision and its use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hkeid.enrolment.upgrade import UpgradeStep
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.ports.faces import FaceBand
from hkeid.ports.registry import RegistryStatus
from hkeid.testing.authenticator import SoftwareAuthenticator

OVER = ("deceased", "reported_lost", "no_match")


def reason(act: Callable[..., Any], *args: Any, **named: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        act(*args, **named)
    return caught.value.reason


def accepted_at_the_counter(lab: Any, phone: Any, person: Any) -> Any:
    """Somebody without an eID, whom officers accepted because the register's picture left a doubt."""
    lab.resident(phone)
    lab.person = person
    lab.registry.face = FaceBand.REVIEW
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    lab.submit(lab.counter, upgrade.id)
    upgrade = lab.upgrades.officers.says(lab.counter, upgrade.id, "officer-1", same=True)
    assert upgrade.step is UpgradeStep.REVIEW
    lab.registry.face = FaceBand.NOT_ASSESSED
    decide = lab.upgrades.officers.decide
    upgrade = decide(upgrade.id, accept=True, reason="same_person", officers=("o1", "o2"))
    assert upgrade.step is UpgradeStep.BIND
    lab.registry.asked.clear()
    return upgrade


def start(lab: Any, upgrade: Any) -> Any:
    lab.compared(upgrade, "officer-1")
    return lab.upgrades.counter.start(lab.counter, upgrade.id, "officer-1", binding="seat")


def finish(lab: Any, upgrade: Any, begun: Any, origin: str) -> Any:
    key = SoftwareAuthenticator()
    answer = key.create(begun.options, origin)
    counter, where = lab.upgrades.counter, (lab.counter, upgrade.id, begun.id)
    return key, counter.finish(*where, answer, binding="seat", label="Key", officer="officer-1")


@pytest.mark.parametrize("status", OVER)
def test_no_key_is_bound_days_after_the_register_changed(
    lab: Any, phone: Any, another_person: Any, status: str
) -> None:
    upgrade = accepted_at_the_counter(lab, phone, another_person)
    lab.registry.status = RegistryStatus(status)
    lab.hub.clock.pass_(days=6)
    assert reason(start, lab, upgrade) == f"registry_{status}"
    ended = lab.upgrades.look(upgrade.id)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, f"registry_{status}")
    assert ended.resident_id is None, "nobody was entered"
    assert lab.vault.names(upgrade.id) == ()


def test_what_the_register_confirms_again_is_bound(
    lab: Any, phone: Any, another_person: Any, origin: str
) -> None:
    upgrade = accepted_at_the_counter(lab, phone, another_person)
    lab.hub.clock.pass_(days=6)
    key, bound = finish(lab, upgrade, start(lab, upgrade), origin)
    assert len(lab.registry.asked) == 1, "once, for its answer is fresh now"
    done = lab.confirm(bound, key, binding="seat", station=lab.counter)
    assert lab.state(done.resident_id).state is EidState.UPGRADED
    assert len(lab.registry.asked) == 1
    said = lab.hub.bodies("enrolment:upgrade:registry-asked")
    assert [one["status"] for one in said][-1] == "match"


def test_a_fresh_answer_is_not_asked_for_again(
    lab: Any, phone: Any, another_person: Any, origin: str
) -> None:
    upgrade = accepted_at_the_counter(lab, phone, another_person)
    lab.hub.clock.pass_(hours=23)
    finish(lab, upgrade, start(lab, upgrade), origin)
    assert lab.registry.asked == []


def test_while_the_register_does_not_answer_no_key_is_bound(
    lab: Any, phone: Any, another_person: Any
) -> None:
    upgrade = accepted_at_the_counter(lab, phone, another_person)
    lab.hub.clock.pass_(days=2)
    lab.registry.down = True
    assert reason(start, lab, upgrade) == "registry_unavailable"
    assert lab.upgrades.look(upgrade.id).step is UpgradeStep.BIND
    lab.registry.down = False
    assert start(lab, upgrade) is not None


@pytest.mark.parametrize("status", OVER)
def test_an_upgrade_is_not_confirmed_days_after_the_register_changed(
    desk: Any, phone: Any, status: str
) -> None:
    lab, upgrade = desk.lab, desk.referred(phone)
    desk.vote(desk.officer(), upgrade.case_id)
    lab.registry.status = RegistryStatus(status)
    lab.hub.clock.pass_(days=6)
    assert reason(lab.confirm, upgrade, phone) == f"registry_{status}"
    assert lab.upgrades.look(upgrade.id).step is UpgradeStep.REFUSED
    assert lab.state().state is EidState.ACTIVE


def test_a_recovery_asks_again_as_well(lab: Any, phone: Any) -> None:
    lab.resident(phone)
    lab.person = replace(lab.person, birth_date=BirthDate.parse("1968-09-21"))
    upgrade = lab.upgrades.offers.begin_recovery(lab.counter, "o1")
    lab.submit(lab.counter, upgrade.id)
    lab.upgrades.officers.says(lab.counter, upgrade.id, "o1", same=True)
    decide = lab.upgrades.officers.decide
    upgrade = decide(upgrade.id, accept=True, reason="same_person", officers=("o2",))
    assert upgrade.step is UpgradeStep.BIND
    with lab.hub.store.transaction() as tx:
        old = {**upgrade.facts, "registry_at": upgrade.facts["registry_at"] - 2 * 86_400}
        assert tx.upgrades.change(upgrade, replace(upgrade, facts=old))
    lab.registry.status = RegistryStatus.DECEASED
    begin = lab.upgrades.recovery.start
    refused = reason(begin, lab.counter, upgrade.id, "o1", binding="seat")
    assert refused == "registry_deceased"
    assert lab.state().state is EidState.ACTIVE
