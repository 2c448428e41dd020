"""Audit events of the hub. Ids are internal; a credential goes by a digest of its id."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent
from hkeid.kernel import base64url


def credential_reference(credential_id: bytes) -> str:
    """22 characters that stand for a credential in the audit trail, whatever the length of its id."""
    return base64url.encode(hashlib.sha256(credential_id).digest()[:16])


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(AuditEvent):
    """Somebody logged in in a browser that had no session of theirs.

    :ivar client_id: the relying party that asked, None for activation and our own pages.
    """

    NAME: ClassVar[str] = "broker:session:started"
    session_id: str
    resident_id: str
    credential: str | None
    acr: str
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRenewed(AuditEvent):
    """The resident of a live session authenticated again; its reference was replaced."""

    NAME: ClassVar[str] = "broker:session:renewed"
    session_id: str
    resident_id: str
    credential: str | None
    acr: str
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(AuditEvent):
    """A session ended before its time.

    :ivar reason: ``logout``, ``ended_by_resident``, ``replaced``, ``credential_revoked``,
        ``credential_suspended``, ``eid_suspended``, ``eid_resumed``, ``eid_revoked``,
        ``upstream_logout``, ``account_moved``.
    :ivar clients: relying parties that had been given a login in it.
    :ivar grants_revoked: how many grants ended with it; those with ``offline_access`` go on.
    """

    NAME: ClassVar[str] = "broker:session:ended"
    session_id: str
    resident_id: str
    reason: str
    clients: tuple[str, ...]
    grants_revoked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginWasRefused(AuditEvent):
    """A claimed ceremony did not lead to a login."""

    NAME: ClassVar[str] = "broker:login:refused"
    reason: str
    resident_id: str | None = None
    credential: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSuspended(AuditEvent):
    """A signature counter went back: the key may have been copied (WebAuthn L3 §6.1.1)."""

    NAME: ClassVar[str] = "broker:credential:suspended"
    resident_id: str
    credential: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated(AuditEvent):
    """Somebody whom only an upstream knows got an account, which is no eID."""

    NAME: ClassVar[str] = "broker:account:created"
    resident_id: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamLinked(AuditEvent):
    """An upstream's subject was linked to a resident.

    :ivar origin: ``resident``, ``hkic`` or ``created``.
    :ivar moved_from: the account whose link it was, if it was one.
    """

    NAME: ClassVar[str] = "broker:link:made"
    resident_id: str
    provider: str
    origin: str
    moved_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamUnlinked(AuditEvent):
    """A resident took a link back."""

    NAME: ClassVar[str] = "broker:link:removed"
    resident_id: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamLoginWasRefused(AuditEvent):
    """An upstream's answer did not lead to a login.

    :ivar upstream_said: the upstream's own word for it, where it is a known one.
    """

    NAME: ClassVar[str] = "broker:upstream:refused"
    provider: str
    reason: str
    upstream_said: str | None = None
    client_id: str | None = None
