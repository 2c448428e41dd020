"""Audit events of registration: ids, steps and stable words, no personal data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationBegun(AuditEvent):
    """An applicant agreed to the collection of data and to the comparison of faces, and began.

    :ivar statement: version of collection statement and biometric consent.
    """

    NAME: ClassVar[str] = "enrolment:registration:begun"
    registration: str
    purpose: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationMoved(AuditEvent):
    """A registration went from one step to another.

    :ivar reason: why, where it was referred, refused or ended.
    """

    NAME: ClassVar[str] = "enrolment:registration:moved"
    registration: str
    before: str
    after: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LivenessFailed(AuditEvent):
    """A selfie was not found live, or looked like an attack (ISO/IEC 30107-3).

    :ivar attempt: which selfie of this registration it was, counted from 1.
    :ivar verdict: ``inconclusive`` or ``spoof``; ``live`` where only the camera was suspicious.
    :ivar capture: what is known of the camera.
    """

    NAME: ClassVar[str] = "enrolment:registration:liveness-failed"
    registration: str
    attempt: int
    verdict: str
    capture: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationDecided(AuditEvent):
    """A policy or officers decided.

    :ivar rules: the explanation: names of the rules that fired.
    :ivar evidence: SHA-256 (hex) over findings and decision as they are kept.
    """

    NAME: ClassVar[str] = "enrolment:registration:decided"
    registration: str
    outcome: str
    policy: str
    rules: tuple[str, ...]
    officers: tuple[str, ...]
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAskedAgain(AuditEvent):
    """Before a device was bound the register was asked once more, its answer being old.

    :ivar evidence: SHA-256 (hex) over findings and decision as they are kept from now on.
    """

    NAME: ClassVar[str] = "enrolment:registration:register-asked-again"
    registration: str
    status: str
    reference: str = field(repr=False)
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianDecided(AuditEvent):
    """A guardian agreed to a minor's registration, or did not.

    :ivar approval: id of the approval, to which consent of the minor refers.
    """

    NAME: ClassVar[str] = "enrolment:registration:guardian-decided"
    registration: str
    guardian_resident_id: str
    approved: bool
    approval: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceDestroyed(AuditEvent):
    """The keys to a registration's evidence were destroyed.

    :ivar particulars: with the particulars, too; else pictures and readings only.
    """

    NAME: ClassVar[str] = "enrolment:registration:evidence-destroyed"
    registration: str
    particulars: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingRefused(AuditEvent):
    """A claimed ceremony did not bind or confirm a device."""

    NAME: ClassVar[str] = "enrolment:registration:binding-refused"
    registration: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationConcluded(AuditEvent):
    """An eID was given or recovered, in one transaction with its device.

    :ivar evidence: SHA-256 (hex) over findings and decision as they are kept.
    :ivar station_id: at which counter, "": on a phone; with the ``officer`` who was there.
    """

    NAME: ClassVar[str] = "enrolment:registration:concluded"
    registration: str
    resident_id: str
    purpose: str
    proofed: str
    policy: str
    evidence: str
    station_id: str = ""
    officer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EidRecovered(AuditEvent):
    """A resident who had lost every device was proved anew; what was there before ended."""

    NAME: ClassVar[str] = "enrolment:eid:recovered"
    resident_id: str
    credentials_revoked: int
    sessions_ended: int
    grants_revoked: int
    links_removed: int
