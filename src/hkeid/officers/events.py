"""Audit events about officers. An officer goes by id; names and notes never stand here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent
from hkeid.kernel import base64url


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerAdded(AuditEvent):
    """An operator entered an officer."""

    NAME: ClassVar[str] = "officers:officer:added"
    officer_id: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerChanged(AuditEvent):
    """An operator changed an officer's roles or state.

    :ivar sessions_ended: how many sessions ended by it.
    """

    NAME: ClassVar[str] = "officers:officer:changed"
    officer_id: str
    roles: tuple[str, ...]
    status: str
    sessions_ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerNumberSet(AuditEvent):
    """An operator said which identity-card number an officer has; the number never stands here.

    :ivar before: whether there was another one.
    """

    NAME: ClassVar[str] = "officers:officer:number-set"
    officer_id: str
    before: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerCodeIssued(AuditEvent):
    """An enrolment code was made; earlier ones lost their force."""

    NAME: ClassVar[str] = "officers:code:issued"
    officer_id: str
    revoked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerCodeRefused(AuditEvent):
    """A code was typed that opens nothing."""

    NAME: ClassVar[str] = "officers:code:refused"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerEnrolled(AuditEvent):
    """A passkey was bound to an officer."""

    NAME: ClassVar[str] = "officers:officer:enrolled"
    officer_id: str
    credential: str
    backup_eligible: bool
    attestation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerLoggedIn(AuditEvent):
    """An officer's session began."""

    NAME: ClassVar[str] = "officers:session:started"
    officer_id: str
    session_id: str
    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerSteppedUp(AuditEvent):
    """An officer used the passkey again."""

    NAME: ClassVar[str] = "officers:session:stepped-up"
    officer_id: str
    session_id: str
    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerSessionEnded(AuditEvent):
    """A session ended before its time.

    :ivar reason: ``logout``, ``other_browser``, ``replaced``.
    """

    NAME: ClassVar[str] = "officers:session:ended"
    officer_id: str
    session_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerLoginWasRefused(AuditEvent):
    """A claimed ceremony did not lead to a login, an enrolment or a step-up."""

    NAME: ClassVar[str] = "officers:login:refused"
    reason: str
    officer_id: str | None = None
    credential: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerCredentialSuspended(AuditEvent):
    """A signature counter went back: the key may have been copied (WebAuthn L3 §6.1.1)."""

    NAME: ClassVar[str] = "officers:credential:suspended"
    officer_id: str
    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessMade(AuditEvent):
    """An officer did what a permission allows.

    :ivar access_id: the access that the person concerned sees, where there is one.
    """

    NAME: ClassVar[str] = "officers:access:made"
    officer_id: str
    role: str
    permission: str
    reason: str | None = None
    resident_id: str | None = None
    case_id: str | None = None
    access_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessWasDenied(AuditEvent):
    """An officer tried what is not allowed, or not yet."""

    NAME: ClassVar[str] = "officers:access:denied"
    officer_id: str
    permission: str
    denied: str
    reason: str | None = None
    resident_id: str | None = None
    case_id: str | None = None


def credential_reference(credential_id: bytes) -> str:
    """22 characters that stand for a credential in the audit trail, whatever the length of its id."""
    return base64url.encode(hashlib.sha256(credential_id).digest()[:16])
