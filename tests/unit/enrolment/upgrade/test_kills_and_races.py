"""Killed at any step, nothing half-made; of many at once, one counts. On every store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hkeid.enrolment.stations import StationMode
from hkeid.enrolment.upgrade import UpgradeStep
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.testing.authenticator import SoftwareAuthenticator

AT_ONCE = 8


@pytest.fixture
def make(make_lab, make_hub_on_each_store) -> Callable[[], Any]:
    return lambda: make_lab(hub=make_hub_on_each_store())


@pytest.fixture
def make_in_memory(make_lab) -> Callable[[], Any]:
    return make_lab


def at_confirm(lab: Any, phone: Any) -> Any:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    return lab.face(lab.kiosk, upgrade.id)


def kill_at_every_step(
    make: Callable[[], Any],
    killed: type[BaseException],
    prepare: Callable[[Any, Any], Any],
    act: Callable[[Any, Any, Any], Any],
    check: Callable[[Any, Any, Any, bool], None],
) -> int:
    kill_at = 0
    while True:
        kill_at += 1
        lab, phone = make(), SoftwareAuthenticator()
        prepared = prepare(lab, phone)
        lab.hub.steps.count, lab.hub.steps.kill_at = 0, kill_at
        try:
            act(lab, phone, prepared)
            through = True
        except killed:
            through = False
        lab.hub.steps.kill_at = None
        check(lab, phone, prepared, through)
        assert lab.hub.trail_is_sound()
        if through:
            return kill_at - 1


def test_killed_while_confirming(make, killed) -> None:
    def check(lab: Any, phone: Any, upgrade: Any, through: bool) -> None:
        found, resident = lab.upgrades.look(upgrade.id), lab.state()
        upgraded = resident.state is EidState.UPGRADED
        assert upgraded == (found.step is UpgradeStep.DONE)
        assert len(lab.hub.bodies("enrolment:eid:upgraded")) == upgraded
        lab.upgrades.sweep()
        assert lab.vault.names(upgrade.id) == (), "evidence outlives the decision"
        if through:
            assert upgraded
            assert lab.vault.names(upgrade.id) == ()
        elif not upgraded:
            assert lab.confirm(found, phone).step is UpgradeStep.DONE

    steps = kill_at_every_step(
        make, killed, at_confirm, lambda lab, phone, upgrade: lab.confirm(upgrade, phone), check
    )
    assert steps > 10


def test_killed_while_a_reading_is_judged(make_in_memory, killed) -> None:
    def prepare(lab: Any, phone: Any) -> Any:
        upgrade = lab.claim(lab.resident(phone))
        return upgrade, lab.document(lab.upgrades.readings.task(lab.kiosk).challenge)

    def check(lab: Any, phone: Any, prepared: Any, through: bool) -> None:
        upgrade, document = prepared
        # The station sends it again, and gets on.
        assert lab.submit(lab.kiosk, upgrade.id, document).step is UpgradeStep.FACE
        assert len(lab.hub.bodies("enrolment:upgrade:chip-accepted")) == 1

    kill_at_every_step(
        make_in_memory,
        killed,
        prepare,
        lambda lab, phone, one: lab.submit(lab.kiosk, one[0].id, one[1]),
        check,
    )


def test_killed_while_a_security_key_is_bound(
    make_in_memory, killed, another_person, origin
) -> None:
    def prepare(lab: Any, phone: Any) -> Any:
        lab.resident(SoftwareAuthenticator())
        lab.person = another_person
        upgrade = lab.upgrades.offers.begin_with_card(lab.counter, "o1")
        lab.submit(lab.counter, upgrade.id)
        return lab.upgrades.officers.says(lab.counter, upgrade.id, "o1", same=True)

    def act(lab: Any, key: Any, upgrade: Any) -> Any:
        counter = lab.upgrades.counter
        start = counter.start(lab.counter, upgrade.id, "o1", binding="seat")
        if start is None:
            return
        answer = key.create(start.options, origin)
        counter.finish(lab.counter, upgrade.id, start.id, answer, binding="seat", label="Key")

    def check(lab: Any, key: Any, upgrade: Any, through: bool) -> None:
        found = lab.upgrades.look(upgrade.id)
        if found.step is UpgradeStep.BIND:
            act(lab, SoftwareAuthenticator(), upgrade)
            found = lab.upgrades.look(upgrade.id)
        assert found.step is UpgradeStep.CONFIRM
        resident = lab.state(found.resident_id)
        assert resident.state is EidState.ACTIVE
        with lab.hub.memory.transaction() as tx:
            assert len(list(tx.credentials.of_resident(resident.id))) == 1

    kill_at_every_step(make_in_memory, killed, prepare, act, check)


def to_recover(lab: Any, phone: Any) -> Any:
    """At a counter, decided by two officers: the new key is asked for."""
    lab.resident(phone)
    lab.person = replace(lab.person, birth_date=BirthDate.parse("1968-09-21"))
    upgrade = lab.upgrades.offers.begin_recovery(lab.counter, "o1")
    lab.submit(lab.counter, upgrade.id)
    lab.upgrades.officers.says(lab.counter, upgrade.id, "o1", same=True)
    return lab.upgrades.officers.decide(
        upgrade.id, accept=True, reason="same_person", officers=("o2",)
    )


def recover(lab: Any, upgrade: Any, key: Any, origin: str) -> Any:
    recovery = lab.upgrades.recovery
    start = recovery.start(lab.counter, upgrade.id, "o1", binding="seat")
    answer = key.create(start.options, origin)
    return recovery.finish(
        lab.counter, upgrade.id, start.id, answer, "o1", binding="seat", label="Key"
    )


def test_killed_while_an_eid_is_recovered(make, killed, origin) -> None:
    """Either everything is as before, the old passkey included, or everything is new."""

    def check(lab: Any, phone: Any, upgrade: Any, through: bool) -> None:
        found = lab.upgrades.look(upgrade.id)
        held = lab.hub.look("credentials", "of_resident", lab.resident_id)
        statuses = sorted(one.status.value for one in held)
        done = found.step is UpgradeStep.DONE
        assert statuses == (["active", "revoked"] if done else ["active"])
        assert (lab.state().cooling_until is not None) is done
        assert bool(lab.hub.look("sessions", "of_resident", lab.resident_id)) is not done
        assert len(lab.hub.bodies("enrolment:eid:recovered")) == done
        told = [one["about"] for one in lab.hub.bodies("enrolment:notice:due")]
        assert ("eid_recovered" in told) is done
        if through:
            assert done
        elif not done:
            assert recover(lab, found, SoftwareAuthenticator(), origin).step is UpgradeStep.DONE
        lab.upgrades.sweep()
        assert lab.vault.names(upgrade.id) == ()

    steps = kill_at_every_step(
        make,
        killed,
        to_recover,
        lambda lab, phone, upgrade: recover(lab, upgrade, SoftwareAuthenticator(), origin),
        check,
    )
    assert steps > 10


def test_of_many_keys_one_recovers(make, origin) -> None:
    lab = make()
    upgrade = to_recover(lab, SoftwareAuthenticator())
    recovery, calls = lab.upgrades.recovery, []
    for _ in range(AT_ONCE):
        start = recovery.start(lab.counter, upgrade.id, "o1", binding="seat")
        answer = SoftwareAuthenticator().create(start.options, origin)
        calls.append(
            lambda id_=start.id, answer=answer: recovery.finish(
                lab.counter, upgrade.id, id_, answer, "o1", binding="seat", label="Key"
            )
        )
    results, reasons = together(calls)
    assert len(results) == 1
    assert set(reasons) <= {"upgrade_changed", "upgrade_other_step"}
    held = lab.hub.look("credentials", "of_resident", lab.resident_id)
    assert sorted(one.status.value for one in held) == ["active", "revoked"]


def together(calls: list[Callable[[], Any]]) -> tuple[list[Any], list[str]]:
    results: list[Any] = []
    reasons: list[str] = []
    ready = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> None:
        ready.wait()
        try:
            results.append(call())
        except HkeidError as error:
            reasons.append(error.reason)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, reasons


def test_a_number_at_many_stations_is_taken_up_by_one(make, phone) -> None:
    lab = make()
    session = lab.resident(phone)
    number = lab.upgrades.offers.number(lab.upgrades.offers.offer(session.view))
    stations = [lab.station(StationMode.KIOSK) for _ in range(AT_ONCE)]
    calls = [lambda one=one: lab.upgrades.offers.claim(one, number) for one in stations]
    results, reasons = together(calls)
    assert len(results) == 1
    assert set(reasons) <= {"number_unknown", "upgrade_changed"}


def test_many_confirmations_make_one_eid_plus(make, phone, origin) -> None:
    lab = make()
    upgrade = at_confirm(lab, phone)
    calls = []
    for number in range(AT_ONCE):
        binding, who = f"b{number}", {"resident_id": upgrade.resident_id}
        start = lab.upgrades.confirmations.start(upgrade.id, binding=binding, **who)
        answer = phone.get(start.options, origin)
        calls.append(
            lambda start=start, answer=answer, binding=binding, who=who: (
                lab.upgrades.confirmations.finish(
                    upgrade.id, start.id, answer, binding=binding, **who
                )
            )
        )
    results, _ = together(calls)
    assert len(results) == 1
    assert len(lab.hub.bodies("enrolment:eid:upgraded")) == 1
    assert lab.state().state is EidState.UPGRADED


def test_one_reading_for_many_upgrades_counts_once(make, phone, signs_not) -> None:
    from hkeid.chip.evidence import ChipGenuine
    from hkeid.chip.proofs import ChipProof, ProofKind

    lab = make()
    lab.resident(phone)
    lab.verifier.evidence = lab.evidence(genuine=ChipGenuine.CHIP)
    proof = ChipProof(kind=ProofKind.CHIP, algorithm="0.4", parts={"ephemeral": b"e" * 32})
    document = lab.document(b"", proofs=(proof,), files={"SOD": signs_not, "DG14": b"1"})
    stations = [lab.station(StationMode.COUNTER) for _ in range(4)]
    begun = [(one, lab.upgrades.offers.begin_with_card(one, "o1")) for one in stations]
    calls = [lambda s=s, u=u: lab.submit(s, u.id, document) for s, u in begun]
    results, reasons = together(calls)
    assert [one.step for one in results] == [UpgradeStep.FACE]
    assert set(reasons) == {"evidence_replayed"}


def test_one_code_enrols_one_machine(make) -> None:
    from hkeid.adapters.station_ca import make_key, make_request

    lab = make()
    _, code = lab.stations.add("One", StationMode.KIOSK)
    requests = [make_request(make_key()) for _ in range(AT_ONCE)]
    calls = [
        lambda one=one: lab.stations.enrol(code.reveal(), one, network="n9") for one in requests
    ]
    results, reasons = together(calls)
    assert len(results) == 1
    assert set(reasons) == {"station_code_used"}
