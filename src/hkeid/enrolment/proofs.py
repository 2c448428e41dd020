"""What is kept of how somebody was identified, out of findings and decision of the journey that did it."""

from __future__ import annotations

from typing import Any, Protocol

from hkeid.enrolment.proofing_policy import Decision, Findings
from hkeid.kernel.instants import Instant
from hkeid.residents import PersonalFields
from hkeid.residents.proofing import (
    PROOFING,
    Proofing,
    ProofingCheck,
    ProofingPlace,
    ProofingProcedure,
)
from hkeid.residents.sealing import SealedFieldsTransaction


class StationCase(Protocol):
    """What happened at a station; :class:`hkeid.enrolment.upgrade.records.Upgrade` is one."""

    @property
    def resident_id(self) -> str | None: ...
    @property
    def channel(self) -> Any: ...
    @property
    def registers(self) -> bool: ...
    @property
    def facts(self) -> Any: ...


_PROVED = frozenset({"active", "chip", "cam"})
"""Ways in which a chip was shown to be no copy."""


def remote_proofing(
    findings: Findings, decision: Decision, now: Instant, *, recovering: bool
) -> Proofing:
    """Of a registration or recovery on the resident's own phone."""
    return Proofing.of(
        now,
        ProofingProcedure.REMOTE_RECOVERY if recovering else ProofingProcedure.REMOTE_REGISTRATION,
        ProofingPlace.REMOTE,
        decision.policy,
        {
            ProofingCheck.CARD_IMAGE: findings.document == "passed" or bool(decision.officers),
            ProofingCheck.CARD_CHIP: findings.chip == "genuine",
            ProofingCheck.FACE_BY_MACHINE: findings.face == "match" and findings.liveness == "live",
            ProofingCheck.FACE_BY_REVIEW: bool(decision.officers),
            ProofingCheck.REGISTER: findings.registry == "match",
        },
    )


def keep_station_proofing(
    tx: SealedFieldsTransaction,
    fields: PersonalFields,
    case: StationCase,
    procedure: ProofingProcedure,
    policy: str,
    now: Instant,
) -> None:
    """Keep what a station proved, in the transaction that makes it count.

    Where the particulars were not entered by a proof of identity, a chip read later does not make them
    verified: then nothing is kept.
    """
    resident_id = case.resident_id or ""
    if not case.registers and not fields.read(tx, resident_id, (PROOFING,)):
        return
    facts = case.facts
    by_officer = facts.get("face") == "match" and facts.get("face_by") == "officer"
    proofing = Proofing.of(
        now,
        procedure,
        ProofingPlace.KIOSK if case.channel is None else ProofingPlace(case.channel.value),
        policy,
        {
            ProofingCheck.CARD_CHIP: facts.get("genuine") in _PROVED,
            ProofingCheck.FACE_BY_MACHINE: facts.get("face") == "match"
            and facts.get("face_by") == "matcher",
            ProofingCheck.FACE_BY_OFFICER: by_officer and bool(facts.get("compared_by")),
            ProofingCheck.FACE_BY_REVIEW: by_officer and not facts.get("compared_by"),
            ProofingCheck.REGISTER: facts.get("registry") == "match",
        },
    )
    fields.put(tx, resident_id, proofing.as_field(), now)
