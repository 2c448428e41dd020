"""What pages and officers see of a registration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hkeid.enrolment.proofing_policy import Decision, Findings
from hkeid.enrolment.registration.records import RegistrationPurpose, RegistrationStep
from hkeid.kernel.instants import Instant
from hkeid.ports.documents import CardField, RetakeAdvice


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FieldView:
    """A field of the card.

    :ivar machine: what the machine read, "" if nothing.
    :ivar value: what the applicant made of it.
    :ivar editable: whether the applicant may change it at this moment (number and birth date only by
        a character or two, unless nothing could be read).
    """

    machine: str
    value: str
    editable: bool

    def __repr__(self) -> str:
        return "FieldView(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationReceipt:
    """What an applicant takes away: no personal data in it.

    Members of the tuples are stable words (``card_read``, ``selfie_compared`` …) that pages put into
    the resident's language.

    :ivar reference: case number.
    :ivar at: when the identity was decided on.
    :ivar policy: version of the proofing policy.
    :ivar checked: what was checked.
    :ivar kept: what was kept.
    :ivar destroyed: what was destroyed.
    :ivar marks: reservations (``demonstration`` …).
    """

    reference: str = field(repr=False)
    at: Instant
    policy: str
    checked: tuple[str, ...]
    kept: tuple[str, ...]
    destroyed: tuple[str, ...]
    marks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """JSON values, for a page to keep or print."""
        return {
            "reference": self.reference,
            "at": self.at.isoformat(),
            "policy": self.policy,
            "checked": list(self.checked),
            "kept": list(self.kept),
            "destroyed": list(self.destroyed),
            "marks": list(self.marks),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationView:
    """A registration at this moment.

    :ivar fields: fields of the card; in the steps ``details`` and (for officers) ``referred`` only.
    :ivar advice: why the photograph should be taken again, after :meth:`Registration.give_card`.
    :ivar warnings: further words (``code_disagrees_with_name``, ``face_none``, ``turn_missing`` …).
    :ivar tries_left: for the present step.
    :ivar expires_at: when the present step is over.
    :ivar reference: short case number.
    :ivar reason: why it was referred, refused or ended; a stable word.
    :ivar receipt: once done.
    :ivar findings: what the checks found; for officers only, None in an applicant's view.
    :ivar decision: decision and explanation; for officers only, None in an applicant's view.
    """

    id: str
    step: RegistrationStep
    purpose: RegistrationPurpose
    language: str
    fields: Mapping[CardField, FieldView] = field(default_factory=dict, repr=False)
    advice: RetakeAdvice | None = None
    warnings: tuple[str, ...] = ()
    tries_left: int = 0
    created_at: Instant
    expires_at: Instant
    reference: str = field(repr=False)
    reason: str | None = None
    receipt: RegistrationReceipt | None = None
    resident_id: str | None = None
    findings: Findings | None = None
    decision: Decision | None = None
