"""Audit events of consent and disclosure: names of claims, never values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDecided(AuditEvent):
    """A resident answered a consent question.

    :ivar statement: version of the collection statement that was on the page.
    """

    NAME: ClassVar[str] = "profile:consent:decided"

    resident_id: str
    client_id: str
    agreed: tuple[str, ...]
    refused: tuple[str, ...]
    statement: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(AuditEvent):
    """A resident withdrew what had been agreed to."""

    NAME: ClassVar[str] = "profile:consent:withdrawn"

    resident_id: str
    client_id: str
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsDisclosed(AuditEvent):
    """Personal claims went to a client."""

    NAME: ClassVar[str] = "profile:claims:disclosed"

    disclosure_id: str
    resident_id: str
    client_id: str
    claims: tuple[str, ...]
