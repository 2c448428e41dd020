"""What the provider writes into the audit trail. Ids only: no token, no claim, no address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeIssued(AuditEvent):
    """An authorization ended well."""

    NAME: ClassVar[str] = "op:code:issued"
    grant_id: str
    client_id: str
    resident_id: str
    session_id: str
    acr: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRedeemed(AuditEvent):
    """A code was exchanged for tokens."""

    NAME: ClassVar[str] = "op:code:redeemed"
    grant_id: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRefused(AuditEvent):
    """A code was presented in a way that a rule turns down; it stays usable."""

    NAME: ClassVar[str] = "op:code:refused"
    client_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeReplayed(AuditEvent):
    """A code was presented again; everything that came of it is revoked (RFC 6749 §4.1.2)."""

    NAME: ClassVar[str] = "op:code:replayed"
    grant_id: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRotated(AuditEvent):
    """A refresh token was used and replaced."""

    NAME: ClassVar[str] = "op:refresh:rotated"
    grant_id: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRepeated(AuditEvent):
    """A rotated refresh token came again within the grace window."""

    NAME: ClassVar[str] = "op:refresh:repeated"
    grant_id: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshReplayed(AuditEvent):
    """A rotated refresh token came again too late; the grant is revoked (RFC 9700 §4.14.2)."""

    NAME: ClassVar[str] = "op:refresh:replayed"
    grant_id: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRefused(AuditEvent):
    """A refresh token was presented in a way that a rule turns down; it stays usable."""

    NAME: ClassVar[str] = "op:refresh:refused"
    client_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRefused(AuditEvent):
    """Somebody failed to authenticate as a registered client."""

    NAME: ClassVar[str] = "op:client:refused"
    client_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(AuditEvent):
    """A client revoked an access token (``access_token``) or a grant (``refresh_token``)."""

    NAME: ClassVar[str] = "op:token:revoked"
    grant_id: str
    client_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRevoked(AuditEvent):
    """A grant came to its end without a client's doing."""

    NAME: ClassVar[str] = "op:grant:revoked"
    grant_id: str
    client_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationDeclined(AuditEvent):
    """The resident said no, or an interaction ended with an error."""

    NAME: ClassVar[str] = "op:authorization:declined"
    client_id: str
    error: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutAnswered(AuditEvent):
    """A logout that a relying party began was confirmed or declined by the resident."""

    NAME: ClassVar[str] = "op:logout:answered"
    client_id: str | None
    session_id: str | None
    confirmed: bool
