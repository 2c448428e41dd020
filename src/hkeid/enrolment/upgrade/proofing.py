"""Registration and recovery at a counter are decided by the same proofing policy as on a phone.

Chip, officer and register become *findings*; policy decides on them; findings and decision are kept in
the upgrade, and a digest over both in the audit trail, as of every registration. Only then is a security
key bound. The eID+ is a decision of its own, by :class:`hkeid.enrolment.upgrade.policy.UpgradePolicy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hkeid.chip.evidence import ChipHolder
from hkeid.enrolment.proofing_policy import Decision, Findings, Outcome
from hkeid.enrolment.registration.cases import evidence_digest
from hkeid.enrolment.registration.events import RegistrationDecided
from hkeid.enrolment.registration.known import existing_eid, registered_often
from hkeid.enrolment.registration.particulars import age_group
from hkeid.enrolment.registration.warning import warn_owner
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.parts import UpgradeParts
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeTransaction
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import epoch_seconds
from hkeid.ports.registry import RegistryFinding

REGISTRATION = "registration"
"""Fact of an upgrade that registers: findings and decision."""

COMPARED_BY = "compared_by"
"""Fact of an upgrade: the officer who compared person and chip at the counter."""

_PROVED = frozenset({"active", "chip", "cam"})


def decide_registration(
    parts: UpgradeParts,
    tx: UpgradeTransaction,
    upgrade: Upgrade,
    holder: ChipHolder,
    finding: RegistryFinding,
    officers: tuple[str, ...] = (),
    reason: str = "",
) -> tuple[Decision, Mapping[str, Any]]:
    """What policy says of somebody who has no eID yet, or lost its every passkey, with the facts to keep;
    recorded in the trail.

    :param officers: who accepted the case in a review, with their ``reason``; none: nobody yet.
    :raises UpgradeRefused: ``case_not_acceptable``, ``second_officer_needed``: officers accepted what
        policy does not let them.
    """
    findings = _findings(parts, tx, upgrade, holder, finding)
    decision = parts.proofing.decide(findings, "recovery" if upgrade.recovers else "counter")
    if decision.outcome is Outcome.REVIEW and officers:
        seat = seat_officer(upgrade) if upgrade.recovers else None
        officers = tuple(dict.fromkeys((*(() if seat is None else (seat,)), *officers)))
        if parts.proofing.hindrances(findings):
            raise UpgradeRefused("case_not_acceptable")
        if len(officers) < parts.proofing.officers_needed(findings):
            raise UpgradeRefused("second_officer_needed")
        decision = parts.proofing.accepted_by(officers, reason)
    number = holder.person.hkic_number
    if upgrade.recovers and number is not None:
        warn_owner(
            tx,
            parts.keys,
            number,
            recovery=upgrade.id,
            accepted=decision.outcome is Outcome.BIND,
            now=parts.clock.now(),
            random=parts.random,
        )
    kept = {"findings": findings.as_json(), "decision": decision.as_json()}
    texts = (canonical_json.dumps(kept["findings"]), canonical_json.dumps(kept["decision"]))
    tx.audit.append(
        RegistrationDecided(
            registration=upgrade.id,
            outcome=decision.outcome.value,
            policy=decision.policy,
            rules=decision.rules,
            officers=decision.officers,
            evidence=evidence_digest(*texts).hex(),
        )
    )
    return decision, {REGISTRATION: kept}


def check_registration(upgrade: Upgrade) -> Decision:
    """The decision by which policy lets this person's key be registered.

    :raises UpgradeRefused: ``registration_not_decided``.
    """
    kept = upgrade.facts.get(REGISTRATION)
    if not isinstance(kept, Mapping) or kept["decision"]["outcome"] != Outcome.BIND.value:
        raise UpgradeRefused("registration_not_decided")
    return Decision.from_json(kept["decision"])


def registration_digest(upgrade: Upgrade) -> str:
    """SHA-256 (hex) over findings and decision, as it stands in the trail."""
    kept = upgrade.facts[REGISTRATION]
    texts = (canonical_json.dumps(kept["findings"]), canonical_json.dumps(kept["decision"]))
    return evidence_digest(*texts).hex()


def seat_officer(upgrade: Upgrade) -> str | None:
    """The officer who compared person and chip at the counter, or None."""
    found = upgrade.facts.get(COMPARED_BY)
    return found if isinstance(found, str) else None


def _findings(
    parts: UpgradeParts,
    tx: UpgradeTransaction,
    upgrade: Upgrade,
    holder: ChipHolder,
    finding: RegistryFinding,
) -> Findings:
    """Findings of the counter; what a station says of register, age and eID is not asked for."""
    facts, now, person = upgrade.facts, parts.clock.now(), holder.person
    number, born = person.hkic_number, person.birth_date
    machine = facts.get("face_by") == "matcher"
    return Findings(
        details="chip",
        age="unknown" if born is None else age_group(born, now),
        liveness="live" if machine else "not_assessed",
        pad=str(facts.get("pad", "none")),
        face=str(facts.get("face", "not_assessed")),
        calibrated="yes" if facts.get("calibrated") else "no",
        registry=finding.status.value,
        registry_face=finding.face.value,
        chip="genuine" if facts.get("genuine") in _PROVED else "failed",
        # Nobody is registered at a station where no officer sits (`reading.identify`).
        officer="absent" if upgrade.officer is None else "present",
        repeated="yes"
        if number is None
        else registered_often(tx, parts.keys, number, parts.registration, now),
        existing="unknown" if number is None else existing_eid(tx, parts.keys, number),
        differing=tuple(finding.differing),
        registry_reference=finding.reference,
        registry_at=epoch_seconds(now),
        document_type=str(facts.get("profile", "")),
        station=upgrade.station_id or "",
    )
