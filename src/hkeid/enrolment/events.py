"""Audit events of enrolment. Ids are internal; a credential goes by a digest of its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicantRegistered(AuditEvent):
    """A resident was entered into the registry."""

    NAME: ClassVar[str] = "enrolment:applicant:registered"
    resident_id: str
    proofed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketIssued(AuditEvent):
    """A ticket was issued; ``revoked`` earlier ones lost their force.

    :ivar kind: ``activation_ticket`` or ``new_phone_ticket``.
    """

    NAME: ClassVar[str] = "enrolment:ticket:issued"
    resident_id: str
    revoked: int
    kind: str = "activation_ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRefused(AuditEvent):
    """A code was typed that does not open anything. The resident is known for real tickets only."""

    NAME: ClassVar[str] = "enrolment:ticket:refused"
    reason: str
    resident_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrakeReached(AuditEvent):
    """Networks whose budget is spent have used up what they share: somebody is guessing codes."""

    NAME: ClassVar[str] = "enrolment:ticket:brake-reached"
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketUsedUp(AuditEvent):
    """A ticket served its purpose."""

    NAME: ClassVar[str] = "enrolment:ticket:used"
    resident_id: str
    kind: str = "activation_ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRefused(AuditEvent):
    """A claimed activation ceremony did not lead to an active eID."""

    NAME: ClassVar[str] = "enrolment:activation:refused"
    resident_id: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialAdded(AuditEvent):
    """A device was bound to an eID.

    :ivar by: ``activation`` or ``resident``.
    :ivar session_id: the session in which the resident added it, None at activation.
    """

    NAME: ClassVar[str] = "enrolment:credential:added"
    resident_id: str
    credential: str
    by: str
    backup_eligible: bool
    attestation: str
    session_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialNotAdded(AuditEvent):
    """A claimed ceremony for a further device was refused."""

    NAME: ClassVar[str] = "enrolment:credential:refused"
    resident_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRenamed(AuditEvent):
    """A device has a new label."""

    NAME: ClassVar[str] = "enrolment:credential:renamed"
    resident_id: str
    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRevoked(AuditEvent):
    """A device can no longer be used.

    :ivar last: it was the last one that could.
    """

    NAME: ClassVar[str] = "enrolment:credential:revoked"
    resident_id: str
    credential: str
    last: bool
    sessions_ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialReinstated(AuditEvent):
    """The resident vouched for a suspended device."""

    NAME: ClassVar[str] = "enrolment:credential:reinstated"
    resident_id: str
    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EidActivated(AuditEvent):
    """The eID is bound to a device and can be used."""

    NAME: ClassVar[str] = "enrolment:eid:activated"
    resident_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingChanged(AuditEvent):
    """An eID was suspended, resumed or revoked.

    :ivar by: ``resident``, ``operator``, ``officer`` or ``register``.
    :ivar reason: a short word, never free text about a person.
    """

    NAME: ClassVar[str] = "enrolment:eid:standing-changed"
    resident_id: str
    before: str
    after: str
    by: str
    reason: str
    sessions_ended: int
    grants_revoked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDue(AuditEvent):
    """The resident must be told by every channel there is; kept in the transaction of what it is
    about, so that no change goes untold. Notifiers work from these.

    :ivar about: ``eid_activated``, ``device_added``, ``device_revoked``, ``device_reinstated``,
        ``login_linked``, ``login_unlinked``, ``eid_suspended``, ``eid_resumed``, ``eid_revoked``.
    """

    NAME: ClassVar[str] = "enrolment:notice:due"
    resident_id: str
    about: str
