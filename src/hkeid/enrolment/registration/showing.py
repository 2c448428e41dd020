"""Views of a registration."""

from __future__ import annotations

from hkeid.enrolment.proofing_policy import Decision, Findings
from hkeid.enrolment.registration.cases import Cases, particulars_of
from hkeid.enrolment.registration.particulars import EDITABLE, kept_texts
from hkeid.enrolment.registration.parts import RegistrationParts
from hkeid.enrolment.registration.records import RegistrationRecord, RegistrationStep
from hkeid.enrolment.registration.views import FieldView, RegistrationReceipt, RegistrationView
from hkeid.kernel import canonical_json
from hkeid.ports.documents import CardField, RetakeAdvice

READING = "reading"
DETAILS = "details"

_KEPT = (
    "decision",
    "time",
    "policy_version",
    "models",
    "bands",
    "document_type",
    "consent_version",
    "number_digest",
    "particulars_sealed",
    "public_key",
)
_DESTROYED = ("card_pictures", "face_pictures", "readings", "face_templates", "session_key")


class Showing:
    """Makes views."""

    def __init__(self, parts: RegistrationParts, cases: Cases) -> None:
        self._parts = parts
        self._cases = cases

    def applicant(
        self,
        record: RegistrationRecord,
        *,
        advice: RetakeAdvice | None = None,
        warnings: tuple[str, ...] = (),
    ) -> RegistrationView:
        """What the applicant sees."""
        fields = {}
        if record.step is RegistrationStep.DETAILS:
            fields = self._fields(record, editable=True)
        return self._view(record, fields, advice=advice, warnings=warnings)

    def officer(self, record: RegistrationRecord) -> RegistrationView:
        """What an officer sees: fields while the evidence is there, findings, decision."""
        return self._view(
            record,
            self._fields(record, editable=False),
            findings=self._cases.findings(record),
            decision=self._cases.decision(record),
        )

    def _view(
        self,
        record: RegistrationRecord,
        fields: dict[CardField, FieldView],
        *,
        advice: RetakeAdvice | None = None,
        warnings: tuple[str, ...] = (),
        findings: Findings | None = None,
        decision: Decision | None = None,
    ) -> RegistrationView:
        spent = record.tries.get(_COUNTED.get(record.step, ""), 0)
        return RegistrationView(
            id=record.id,
            step=record.step,
            purpose=record.purpose,
            language=record.language,
            fields=fields,
            advice=advice,
            warnings=warnings,
            tries_left=max(0, self._parts.settings.tries - spent),
            created_at=record.created_at,
            expires_at=record.expires_at,
            reference=record.reference,
            reason=record.reason,
            receipt=self._receipt(record),
            resident_id=record.resident_id if record.step is RegistrationStep.DONE else None,
            findings=findings,
            decision=decision,
        )

    def _fields(self, record: RegistrationRecord, *, editable: bool) -> dict[CardField, FieldView]:
        evidence = self._parts.evidence
        reading = evidence.get(record.id, READING)
        machine = {} if reading is None else kept_texts(reading)
        details = evidence.get(record.id, DETAILS)
        if details is None:
            details = evidence.get(particulars_of(record.id), DETAILS)
        values = machine if details is None else kept_texts(details)
        return {
            field: FieldView(
                machine=machine.get(field, ""),
                value=values.get(field, ""),
                editable=editable and field in EDITABLE,
            )
            for field in CardField
            if editable or field in machine or field in values
        }

    def _receipt(self, record: RegistrationRecord) -> RegistrationReceipt | None:
        decision = self._cases.decision(record)
        if record.step is not RegistrationStep.DONE or decision is None:
            return None
        return RegistrationReceipt(
            reference=record.reference,
            at=record.decided_at or record.updated_at,
            policy=decision.policy,
            checked=_checked(self._cases.findings(record)),
            kept=_KEPT,
            destroyed=_DESTROYED,
            marks=decision.marks,
        )


_COUNTED = {
    RegistrationStep.CARD: "card",
    RegistrationStep.DETAILS: "card",
    RegistrationStep.SELFIE: "selfie",
}


def _checked(findings: Findings) -> tuple[str, ...]:
    """Words for what was checked, from what was found."""
    words = {
        "card_read": findings.details in ("as_read", "corrected", "typed"),
        "chip_read": findings.chip == "genuine",
        "card_genuine": findings.document == "passed",
        "presence": findings.liveness == "live",
        "face_compared_with_card": findings.face != "not_assessed",
        "face_compared_with_register": findings.registry_face != "not_assessed",
        "register": findings.registry == "match",
        "officer": findings.officer == "present",
    }
    return tuple(word for word, said in words.items() if said)


def findings_bytes(findings: Findings) -> bytes:
    """Findings as the record keeps them."""
    return canonical_json.dumps(findings.as_json())
