"""What the identity provider writes into the audit trail. Ids only: no name identifier, no attribute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionIssued(AuditEvent):
    """A service was told who somebody is."""

    NAME: ClassVar[str] = "saml:assertion:issued"
    assertion_id: str
    entity_id: str
    resident_id: str
    session_id: str
    acr: str
    claims: tuple[str, ...]
    solicited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlLoginRefused(AuditEvent):
    """A service was told that nobody was logged in."""

    NAME: ClassVar[str] = "saml:login:refused"
    entity_id: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactResolved(AuditEvent):
    """A service fetched the message behind an artifact."""

    NAME: ClassVar[str] = "saml:artifact:resolved"
    entity_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutAsked(AuditEvent):
    """A service wanted sessions to end."""

    NAME: ClassVar[str] = "saml:logout:asked"
    entity_id: str
    sessions: tuple[str, ...]
    binding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutFinished(AuditEvent):
    """Services of a session were told that it ended, while a browser or a service waited, as far as they could be.

    :ivar initiator: the service that wanted it, or None: it began here.
    :ivar told: how many said that they ended theirs.
    :ivar missed: those that did not, or not yet: whom SOAP reaches is told afterwards.
    """

    NAME: ClassVar[str] = "saml:logout:finished"
    initiator: str | None
    told: int
    missed: tuple[str, ...]
