"""Recovery at the counter: who lost the security key gets the eID back, and nobody else does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest

from hkeid.enrolment.proofing_policy import Decision, parse_policy, shipped_policy
from hkeid.enrolment.registration.cases import evidence_digest
from hkeid.enrolment.stations import StationMode, StationRefused
from hkeid.enrolment.upgrade import UpgradeRefused, UpgradeStep
from hkeid.identity.assurance import Acr
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.names import PersonName
from hkeid.identity.state import EidState
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import ConfigurationError, HkeidError, Unavailable
from hkeid.ports.certificates import RevocationReason
from hkeid.ports.faces import PadClaim
from hkeid.ports.registry import RegistryStatus
from hkeid.residents.records import CredentialStatus
from hkeid.signing.activation import SigningKeyState
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.store_contract.signing import a_signing_key

ORIGIN = "https://id.example.hk"


def reason(call: Any, *args: Any, **named: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        call(*args, **named)
    return caught.value.reason


def resident(lab: Any, phone: Any) -> Any:
    """A session of a resident of age."""
    session = lab.resident(phone)
    lab.person = replace(lab.person, birth_date=BirthDate.parse("1968-09-21"))
    return session


def upgraded(lab: Any, key: Any) -> None:
    """A resident with an eID+."""
    session = resident(lab, key)
    upgrade = lab.claim(session)
    lab.submit(lab.kiosk, upgrade.id)
    lab.confirm(lab.face(lab.kiosk, upgrade.id), key)
    assert lab.state().state is EidState.UPGRADED
    lab.hub.clock.pass_(minutes=1)


def read(lab: Any, officer: str = "o1") -> Any:
    """The person stands at the counter, with the card on the reader."""
    lab.verifier.evidence = None
    upgrade = lab.upgrades.offers.begin_recovery(lab.counter, officer)
    return lab.submit(lab.counter, upgrade.id)


def compared(lab: Any, officer: str = "o1") -> Any:
    """The officer at the counter says that it is the same person."""
    return lab.upgrades.officers.says(lab.counter, read(lab, officer).id, officer, same=True)


def agreed(lab: Any) -> Any:
    """A second officer agrees."""
    waits = compared(lab)
    return lab.upgrades.officers.decide(
        waits.id, accept=True, reason="same_person", officers=("o2",)
    )


def bind(lab: Any, upgrade: Any, key: Any, *, officer: str | None = "o1") -> Any:
    """The new key is put in and touched."""
    recovery = lab.upgrades.recovery
    start = recovery.start(lab.counter, upgrade.id, "o1", binding="seat")
    answer = key.create(start.options, ORIGIN)
    return recovery.finish(
        lab.counter, upgrade.id, start.id, answer, officer, binding="seat", label="Key"
    )


def with_policy(lab: Any, name: str) -> None:
    object.__setattr__(lab.parts, "proofing", shipped_policy(name))


# --- the way that leads there ---------------------------------------------------------------------


def test_the_owner_is_told_of_an_accepted_recovery_whatever_was_told_before(lab, phone) -> None:
    """Somebody's attempt uses the day's notice up; of the one that officers accept the owner still hears."""
    upgraded(lab, phone)
    owner = lab.state().id

    def told() -> int:
        found = lab.hub.look("notices", "of_resident", owner)
        return [one.about for one in found].count("recovery_started")

    first = compared(lab)
    lab.upgrades.officers.decide(first.id, accept=False, reason="face_differs", officers=("o2",))
    assert told() == 1
    lab.hub.clock.pass_(hours=1)
    second = compared(lab)
    assert told() == 1
    lab.upgrades.officers.decide(second.id, accept=True, reason="same_person", officers=("o2",))
    assert told() == 2


def test_two_officers_give_a_lost_eid_back(lab, phone) -> None:
    upgraded(lab, phone)
    before = lab.state()
    signing = a_signing_key(resident_id=before.id)
    with lab.hub.store.transaction() as tx:
        assert tx.signing_keys.add(signing)
    waits = compared(lab)
    assert (waits.step, waits.reason) == (UpgradeStep.REVIEW, "recovery_second_officer")
    assert waits.expires_at - lab.hub.clock.now() == lab.parts.policy.recovery_wait
    assert lab.registry.asked[-1].purpose == "recovery"
    told = [one.about for one in lab.hub.look("notices", "of_resident", before.id)]
    assert told.count("recovery_started") == 1, "while it can still be stopped"
    decided = lab.upgrades.officers.decide(
        waits.id, accept=True, reason="same_person", officers=("o2",)
    )
    assert decided.step is UpgradeStep.BIND
    assert lab.vault.names(decided.id) == ()
    kept = Decision.from_json(decided.facts["registration"]["decision"])
    assert (kept.grade, kept.officers) == ("officers", ("o1", "o2"))
    assert lab.state() == before, "nothing changes before the new key"
    assert lab.hub.look("signing_keys", "get", signing.id) == signing
    assert len(lab.hub.look("sessions", "of_resident", before.id)) == 1

    key = SoftwareAuthenticator()
    done = bind(lab, decided, key)
    ended = lab.hub.look("signing_keys", "get", signing.id)
    assert (ended.state, ended.reason) == (SigningKeyState.RETIRED, RevocationReason.KEY_COMPROMISE)

    assert done.step is UpgradeStep.DONE
    after = lab.state()
    # Officers alone prove the lowest rung: what was proved now, and not what was proved once.
    assert (after.state, after.proofed) == (EidState.ACTIVE, Acr.EID)
    now = lab.hub.clock.now()
    assert after.cooling_until == now + timedelta(hours=48)
    held = {one.id: one.status for one in lab.hub.look("credentials", "of_resident", after.id)}
    assert sorted(status.value for status in held.values()) == ["active", "revoked"]
    assert lab.hub.look("sessions", "of_resident", after.id) == ()
    assert reason(lab.hub.login, phone) == "credential_revoked"
    assert lab.hub.login(key).view.authentication.acr is Acr.EID
    assert {"resident_id": after.id, "about": "eid_recovered"} in lab.hub.bodies(
        "enrolment:notice:due"
    )
    (ended,) = lab.hub.bodies("enrolment:eid:recovered")
    assert ended["credentials_revoked"] == 1
    (concluded,) = lab.hub.bodies("enrolment:registration:concluded")
    texts = [
        canonical_json.dumps(decided.facts["registration"][n]) for n in ("findings", "decision")
    ]
    assert concluded["evidence"] == evidence_digest(*texts).hex()
    assert (concluded["purpose"], concluded["officer"], concluded["station_id"]) == (
        "recovery", "o1", lab.counter.id,
    )  # fmt: skip
    assert lab.hub.trail_is_sound()


def test_a_camera_and_one_officer_keep_an_eid_plus(lab, phone) -> None:
    """What chip, camera and register prove now is as much as was proved before."""
    upgraded(lab, phone)
    decided = lab.face(lab.counter, read(lab).id)
    assert decided.step is UpgradeStep.BIND
    kept = Decision.from_json(decided.facts["registration"]["decision"])
    assert (kept.grade, kept.officers) == ("recovery-counter", ())
    key = SoftwareAuthenticator()
    bind(lab, decided, key)
    after = lab.state()
    assert (after.state, after.proofed) == (EidState.UPGRADED, Acr.EID_PLUS)
    assert lab.hub.login(key).view.authentication.acr is Acr.EID, "it cools"
    lab.hub.clock.pass_(hours=49)
    assert lab.hub.login(key).view.authentication.acr is Acr.EID_PLUS


def test_a_recovery_never_raises_an_eid(lab, phone) -> None:
    resident(lab, phone)
    decided = lab.face(lab.counter, read(lab).id)
    bind(lab, decided, SoftwareAuthenticator())
    after = lab.state()
    assert (after.state, after.proofed) == (EidState.ACTIVE, Acr.EID)


def test_a_frozen_eid_needs_the_second_officer_even_with_a_camera(lab, phone) -> None:
    resident(lab, phone)
    with lab.hub.store.transaction() as tx:
        known = tx.residents.get(lab.resident_id)
        assert tx.residents.change(known, replace(known, state=EidState.SUSPENDED))
    waits = lab.face(lab.counter, read(lab).id)
    assert (waits.step, waits.reason) == (UpgradeStep.REVIEW, "registration_unclear")
    decided = lab.upgrades.officers.decide(
        waits.id, accept=True, reason="same_person", officers=("o2", "o3")
    )
    bind(lab, decided, SoftwareAuthenticator())
    assert lab.state().state is EidState.ACTIVE


def test_in_the_sandbox_one_officer_is_enough(lab, phone) -> None:
    with_policy(lab, "sandbox")
    resident(lab, phone)
    decided = compared(lab)
    assert decided.step is UpgradeStep.BIND
    kept = Decision.from_json(decided.facts["registration"]["decision"])
    assert (kept.grade, kept.marks) == ("recovery-counter", ("demonstration",))


# --- who does not get there -----------------------------------------------------------------------


def test_only_at_a_staffed_counter(lab, phone) -> None:
    resident(lab, phone)
    begin = lab.upgrades.offers.begin_recovery
    mobile = lab.station(StationMode.MOBILE)
    for station in (lab.kiosk, mobile):
        with pytest.raises(StationRefused, match="station_not_allowed"):
            begin(station, "o1")
    assert reason(begin, lab.counter, None) == "officer_missing"
    decided = agreed(lab)
    recovery = lab.upgrades.recovery
    assert reason(recovery.start, lab.counter, decided.id, None, binding="seat") == (
        "officer_missing"
    )
    assert reason(bind, lab, decided, SoftwareAuthenticator(), officer=None) == "officer_missing"
    assert lab.hub.bodies("enrolment:registration:binding-refused")[-1]["reason"] == (
        "officer_missing"
    )
    assert reason(recovery.start, mobile, decided.id, "o1", binding="s") == "station_not_allowed"


def test_the_officer_at_the_counter_is_not_the_second_one_too(lab, phone) -> None:
    resident(lab, phone)
    waits = compared(lab)
    decide = lab.upgrades.officers.decide
    found = reason(decide, waits.id, accept=True, reason="same_person", officers=("o1",))
    assert found == "second_officer_needed"
    assert lab.upgrades.look(waits.id).step is UpgradeStep.REVIEW


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, "eid_unknown"),
        (EidState.APPLICANT, "eid_unknown"),
        (EidState.REVOKED, "eid_revoked"),
    ],
)
def test_there_must_be_an_eid(lab, phone, another_person, state, expected) -> None:
    resident(lab, phone)
    if state is None:
        lab.person = another_person
    else:
        with lab.hub.store.transaction() as tx:
            known = tx.residents.get(lab.resident_id)
            assert tx.residents.change(known, replace(known, state=state))
    ended = read(lab)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, expected)


def test_another_name_or_a_minor_is_refused(lab, phone) -> None:
    resident(lab, phone)
    person = lab.person
    lab.person = replace(person, name=PersonName(english="SOMEBODY, Else"))
    assert read(lab).reason == "chip_name_different"
    for born in (None, BirthDate(year=lab.hub.clock.now().year - 14, month=5)):
        lab.person = replace(person, birth_date=born)
        lab.hub.clock.pass_(seconds=1)
        assert read(lab).reason == "registers_adults_only"
    assert lab.state().state is EidState.ACTIVE


@pytest.mark.parametrize("status", [RegistryStatus.DECEASED, RegistryStatus.REPORTED_LOST])
def test_the_register_may_refuse(lab, phone, status) -> None:
    resident(lab, phone)
    lab.registry.status = status
    ended = compared(lab)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, f"registry_{status.value}")
    assert lab.hub.look("credentials", "of_resident", lab.resident_id)[0].status is (
        CredentialStatus.ACTIVE
    )


def test_while_the_register_is_silent_nothing_is_decided(lab, phone) -> None:
    resident(lab, phone)
    upgrade = read(lab)
    lab.registry.down = True
    with pytest.raises(Unavailable):
        lab.upgrades.officers.says(lab.counter, upgrade.id, "o1", same=True)
    lab.registry.down = False
    assert lab.upgrades.register.retry(lab.counter, upgrade.id).step is UpgradeStep.REVIEW


def test_a_camera_that_nobody_assessed_is_no_second_officer(lab, phone) -> None:
    resident(lab, phone)
    lab.liveness.claim = PadClaim.NONE
    assert lab.face(lab.counter, read(lab).id).step is UpgradeStep.REVIEW


def test_an_eid_frozen_since_the_decision_stays_frozen(lab, phone) -> None:
    resident(lab, phone)
    decided = agreed(lab)
    with lab.hub.store.transaction() as tx:
        known = tx.residents.get(lab.resident_id)
        assert tx.residents.change(known, replace(known, state=EidState.SUSPENDED))
    assert reason(bind, lab, decided, SoftwareAuthenticator()) == "eid_changed"
    assert lab.state().state is EidState.SUSPENDED


def test_who_is_logged_in_meanwhile_neither_sees_nor_stops_it(lab, phone) -> None:
    """Whoever took the devices may be logged in."""
    session = resident(lab, phone)
    waits = compared(lab)
    assert lab.upgrades.of_resident(lab.resident_id) is None
    cancel = lab.upgrades.offers.cancel
    assert reason(cancel, waits.id, resident_id=lab.resident_id) == "upgrade_unknown"
    offered = lab.upgrades.offers.offer(session.view)
    assert offered.id != waits.id
    assert lab.upgrades.look(waits.id).step is UpgradeStep.REVIEW
    lab.upgrades.offers.cancel(waits.id, station=lab.counter)
    assert lab.upgrades.look(waits.id).step is UpgradeStep.CANCELLED


def test_the_ways_of_registration_and_recovery_do_not_mix(lab, phone) -> None:
    resident(lab, phone)
    decided = agreed(lab)
    start = lab.upgrades.counter.start
    assert reason(start, lab.counter, decided.id, "o1", binding="s") == "upgrade_other_step"
    facts = {name: fact for name, fact in decided.facts.items() if name != "registration"}
    with lab.hub.store.transaction() as tx:
        assert tx.upgrades.change(decided, replace(decided, facts=facts))
    start = lab.upgrades.recovery.start
    assert reason(start, lab.counter, decided.id, "o1", binding="s") == "registration_not_decided"


def test_the_key_has_to_come_soon_and_to_this_case(lab, phone) -> None:
    resident(lab, phone)
    first, key, recovery = agreed(lab), SoftwareAuthenticator(), lab.upgrades.recovery
    start = recovery.start(lab.counter, first.id, "o1", binding="seat")
    answer = key.create(start.options, ORIGIN)
    finish = recovery.finish
    lab.hub.clock.pass_(seconds=1)
    second = agreed(lab)  # the next visitor; who was there before has left
    assert lab.upgrades.look(first.id).reason == "station_left"
    found = reason(
        finish, lab.counter, second.id, start.id, answer, "o1", binding="seat", label="Key"
    )
    assert found == "ceremony_other_upgrade"
    lab.hub.clock.pass_(seconds=int(lab.parts.policy.window.total_seconds()))
    assert reason(bind, lab, second, key) == "upgrade_expired"
    synced = SoftwareAuthenticator(synced=True)
    third = agreed(lab)
    assert reason(bind, lab, third, synced) == "synced_not_allowed"
    assert lab.state().cooling_until is None


def test_a_production_policy_lets_no_officer_recover_alone() -> None:
    text = files("hkeid.enrolment.proofing_policy").joinpath("production.toml").read_text("utf-8")
    head, grade, tail = text.partition('name = "recovery-counter"')
    weaker = tail.replace('accepts.liveness = ["live"]', 'accepts.liveness = ["not_assessed"]', 1)
    with pytest.raises(ConfigurationError, match="one officer alone"):
        parse_policy(head + grade + weaker)


def test_refused_means_as_before(lab, phone) -> None:
    resident(lab, phone)
    waits = compared(lab)
    ended = lab.upgrades.officers.decide(
        waits.id, accept=False, reason="not_the_same_person", officers=("o2",)
    )
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "review_refused")
    with pytest.raises(UpgradeRefused, match="upgrade_other_step"):
        bind(lab, ended, SoftwareAuthenticator())
    assert lab.hub.login(phone).view.authentication.resident_id == lab.resident_id
