"""What is kept of how a station identified somebody, for relying parties that must know it (S10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hkeid.enrolment.proofing_policy import Decision, Findings, Outcome
from hkeid.enrolment.proofs import remote_proofing
from hkeid.enrolment.upgrade import UpgradeStep
from hkeid.identity.assurance import Acr
from hkeid.residents.proofing import (
    PROOFING,
    Proofing,
    ProofingCheck,
    ProofingPlace,
    ProofingProcedure,
)
from hkeid.testing.authenticator import SoftwareAuthenticator


def kept(lab: Any, resident_id: str) -> Proofing | None:
    with lab.hub.memory.transaction() as tx:
        text = lab.hub.fields.read(tx, resident_id, (PROOFING,)).get(PROOFING)
    return None if text is None else Proofing.from_text(text)


def proved_before(lab: Any, resident_id: str) -> None:
    """As if the resident had registered on a phone."""
    remote = Proofing.of(
        lab.hub.clock.now(),
        ProofingProcedure.REMOTE_REGISTRATION,
        ProofingPlace.REMOTE,
        "p1",
        {ProofingCheck.CARD_IMAGE: True, ProofingCheck.REGISTER: True},
    )
    with lab.hub.memory.transaction() as tx:
        lab.hub.fields.put(tx, resident_id, remote.as_field(), lab.hub.clock.now())


def at_kiosk(lab: Any, session: Any, key: Any) -> None:
    upgrade = lab.claim(session)
    lab.submit(lab.kiosk, upgrade.id)
    assert lab.confirm(lab.face(lab.kiosk, upgrade.id), key).step is UpgradeStep.DONE


def test_an_upgrade_at_a_kiosk(lab: Any, phone: SoftwareAuthenticator) -> None:
    session = lab.resident(phone)
    resident_id = session.view.authentication.resident_id
    proved_before(lab, resident_id)
    lab.hub.clock.pass_(hours=5)
    at_kiosk(lab, session, phone)
    found = kept(lab, resident_id)
    assert found == Proofing(
        at=lab.hub.clock.now().replace(microsecond=0),
        procedure=ProofingProcedure.CHIP_UPGRADE,
        place=ProofingPlace.KIOSK,
        policy=lab.parts.policy.version,
        checks=(ProofingCheck.CARD_CHIP, ProofingCheck.FACE_BY_MACHINE, ProofingCheck.REGISTER),
    )


def test_particulars_that_nobody_proved_are_not_made_verified_by_a_chip(
    lab: Any, phone: SoftwareAuthenticator
) -> None:
    session = lab.resident(phone)
    at_kiosk(lab, session, phone)
    assert lab.state().proofed is Acr.EID_PLUS
    assert kept(lab, session.view.authentication.resident_id) is None


def test_an_officer_at_a_counter(lab: Any, phone: SoftwareAuthenticator) -> None:
    session = lab.resident(phone)
    resident_id = session.view.authentication.resident_id
    proved_before(lab, resident_id)
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    upgrade = lab.submit(lab.counter, upgrade.id)
    upgrade = lab.upgrades.officers.says(lab.counter, upgrade.id, "officer-1", same=True)
    lab.confirm(upgrade, phone, binding="seat", station=lab.counter)
    found = kept(lab, resident_id)
    assert found is not None
    assert found.place is ProofingPlace.COUNTER
    assert found.checks == (
        ProofingCheck.CARD_CHIP,
        ProofingCheck.FACE_BY_OFFICER,
        ProofingCheck.REGISTER,
    )


def test_who_registers_at_a_counter_is_proved_by_it(
    lab: Any, phone: SoftwareAuthenticator, another_person: Any, origin: str
) -> None:
    lab.resident(phone)
    lab.person = another_person
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    upgrade = lab.submit(lab.counter, upgrade.id)
    upgrade = lab.upgrades.officers.says(lab.counter, upgrade.id, "officer-1", same=True)
    key, counter = SoftwareAuthenticator(), lab.upgrades.counter
    start = counter.start(lab.counter, upgrade.id, "officer-1", binding="seat")
    made = key.create(start.options, origin)
    upgrade = counter.finish(
        lab.counter, upgrade.id, start.id, made, binding="seat", label="Security key"
    )
    assert kept(lab, upgrade.resident_id) is None, "the eID+ is not confirmed yet"
    lab.confirm(upgrade, key, binding="seat", station=lab.counter)
    found = kept(lab, upgrade.resident_id)
    assert found is not None
    assert found.procedure is ProofingProcedure.COUNTER_REGISTRATION
    assert ProofingCheck.CARD_CHIP in found.checks


def decision(*officers: str) -> Decision:
    return Decision(
        outcome=Outcome.BIND, proofed=Acr.EID, ial=1, policy="p7", grade="g", officers=officers
    )


def test_remote_findings_say_no_more_than_was_found(lab: Any) -> None:
    now = lab.hub.clock.now()
    nothing = Findings()
    assert remote_proofing(nothing, decision(), now, recovering=False).checks == ()
    full = replace(nothing, document="passed", face="match", liveness="live", registry="match")
    assert remote_proofing(full, decision(), now, recovering=True) == Proofing(
        at=now,
        procedure=ProofingProcedure.REMOTE_RECOVERY,
        place=ProofingPlace.REMOTE,
        policy="p7",
        checks=(ProofingCheck.CARD_IMAGE, ProofingCheck.FACE_BY_MACHINE, ProofingCheck.REGISTER),
    )
    # A face that nobody showed to be alive is no match.
    spoof = replace(full, liveness="inconclusive")
    assert (
        ProofingCheck.FACE_BY_MACHINE
        not in remote_proofing(spoof, decision(), now, recovering=False).checks
    )
    by_officers = remote_proofing(nothing, decision("o1"), now, recovering=False).checks
    assert by_officers == (ProofingCheck.CARD_IMAGE, ProofingCheck.FACE_BY_REVIEW)
