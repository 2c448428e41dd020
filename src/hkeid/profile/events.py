"""Audit events of consent and disclosure: names of claims, never values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDecided(AuditEvent):
    """A resident answered a consent question.

    :ivar purpose: ``""`` for logins, the id of a form, or ``direct_marketing``.
    :ivar statement: version of the collection statement that was on the page.
    :ivar session_id: the session in which it was answered.
    :ivar guardian: id of the approval on which a minor's agreement rests, or None.
    :ivar once: for one sending of a form.
    """

    NAME: ClassVar[str] = "profile:consent:decided"

    resident_id: str
    client_id: str
    purpose: str
    agreed: tuple[str, ...]
    refused: tuple[str, ...]
    statement: str
    language: str
    session_id: str
    guardian: str | None = None
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(AuditEvent):
    """A resident withdrew what had been agreed to.

    :ivar grants_ended: grants of the client that ended because nothing stands any more.
    """

    NAME: ClassVar[str] = "profile:consent:withdrawn"

    resident_id: str
    client_id: str
    purposes: tuple[str, ...]
    claims: tuple[str, ...]
    grants_ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsDisclosed(AuditEvent):
    """Personal claims went to a client."""

    NAME: ClassVar[str] = "profile:claims:disclosed"

    disclosure_id: str
    resident_id: str
    client_id: str
    purpose: str
    claims: tuple[str, ...]
