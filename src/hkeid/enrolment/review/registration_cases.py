"""Referred registrations as cases."""

from __future__ import annotations

from dataclasses import replace

from hkeid.enrolment.proofing_policy import Findings
from hkeid.enrolment.registration.presence import SUSPECT
from hkeid.enrolment.registration.records import RegistrationRecord, RegistrationStep
from hkeid.enrolment.registration.turns import placed
from hkeid.enrolment.review.cases import (
    CaseFile,
    Registrations,
    cause_of,
    finding_lines,
    findings_of,
)
from hkeid.enrolment.review.errors import ReviewRefused
from hkeid.enrolment.review.policy import ReviewPolicy
from hkeid.enrolment.review.sources import CaseKind, Held, Referred, ReviewTransaction, Stage
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.documents import CardField
from hkeid.ports.evidence import EvidenceVault
from hkeid.ports.keys import KeyStore
from hkeid.residents import blind_digest

PICTURES = ("card", "portrait", "selfie", SUSPECT)
"""Evidence that is a picture, in the order in which it is shown."""


class RegistrationCases:
    """:class:`hkeid.enrolment.review.sources.CaseSource` of registrations."""

    def __init__(
        self,
        registrations: Registrations,
        evidence: EvidenceVault,
        keys: KeyStore,
        policy: ReviewPolicy,
    ) -> None:
        self._registrations = registrations
        self._evidence = evidence
        self._keys = keys
        self._policy = policy

    @property
    def kind(self) -> CaseKind:
        """Registrations."""
        return CaseKind.REGISTRATION

    def waiting(self, tx: ReviewTransaction, *, limit: int) -> tuple[Referred, ...]:
        """Those that wait."""
        turn = self._policy.turn
        records = tx.registrations.by_turns(RegistrationStep.REFERRED, turn=turn, limit=limit)
        return tuple(
            replace(self._referred(record), placed_at=place)
            for place, record in placed(records, turn)
        )

    def find(self, tx: ReviewTransaction, case_id: str) -> Referred | None:
        """One."""
        record = tx.registrations.get(case_id)
        return None if record is None else self._referred(record)

    def number_digest(self, case_id: str) -> bytes | None:
        """The blind digest of the number on the card, where one can be read."""
        field = self._registrations.view(case_id).fields.get(CardField.HKIC_NUMBER)
        try:
            return (
                None if field is None else blind_digest(self._keys, HkicNumber.parse(field.value))
            )
        except MalformedInput:
            return None

    def file(self, held: Held) -> CaseFile:
        """All that is known of it.

        :raises ReviewRefused: ``case_not_waiting``.
        """
        case_id = held.referred.id
        seen = self._registrations.view(case_id)
        findings = seen.findings or Findings()
        if seen.step is not RegistrationStep.REFERRED:
            raise ReviewRefused("case_not_waiting")
        return CaseFile(
            id=case_id,
            reference=seen.reference,
            purpose=seen.purpose,
            reason=(seen.decision.cause if seen.decision else None) or seen.reason,
            referred_at=held.referred.referred_at,
            stage=held.stage,
            risks=held.referred.risks,
            hindrances=self._policy.hindrances(seen.findings),
            lease=held.lease,
            fields=seen.fields,
            lines=finding_lines(
                self._policy, seen.findings, seen.decision.rules if seen.decision else ()
            ),
            differing=findings.differing,
            warnings=findings.warnings,
            live_failed=findings.liveness_failed,
            live_spoofed=findings.liveness_spoofed,
            spoofed_before=findings.spoofed_before,
            live_latest=findings.liveness_latest,
            policy=seen.decision.policy if seen.decision else "",
            rules=seen.decision.rules if seen.decision else (),
            pictures=tuple(name for name in PICTURES if self._evidence.get(case_id, name)),
            votes=held.votes if held.stage is Stage.CONFLICT else (),
        )

    def picture(self, case_id: str, name: str) -> bytes | None:
        """A picture of it."""
        return self._evidence.get(case_id, name) if name in PICTURES else None

    def tell(self, case_id: str, *, accept: bool, reason: str, officers: tuple[str, ...]) -> None:
        """Tell the registration."""
        self._registrations.decide(case_id, accept=accept, reason=reason, officers=officers)

    def _referred(self, record: RegistrationRecord) -> Referred:
        findings = findings_of(record)
        return Referred(
            id=record.id,
            kind=CaseKind.REGISTRATION,
            reference=record.reference,
            purpose=record.purpose,
            reason=cause_of(record),
            referred_at=record.updated_at,
            placed_at=record.updated_at,
            expires_at=record.expires_at,
            waits=record.step is RegistrationStep.REFERRED,
            risks=self._policy.risks_of(findings),
            hindrances=tuple(one.value for one in self._policy.hindrances(findings)),
            resident_id=record.resident_id,
        )
