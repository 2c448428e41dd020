"""What telling of logouts writes into the audit trail. Ids only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutDelivered(AuditEvent):
    """A relying party took the notice that a session ended (Back-Channel Logout §2.8; for a service that
    comes in by SAML, saml-core §3.7.3.1).

    :ivar client_id: as :attr:`hkeid.doors.logout.records.LogoutNotice.client_id`.
    """

    NAME: ClassVar[str] = "op:logout:delivered"
    client_id: str
    session_id: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutUndelivered(AuditEvent):
    """A relying party could not be told that a session ended, and nobody tries any more.

    :ivar client_id: as :attr:`hkeid.doors.logout.records.LogoutNotice.client_id`.
    :ivar reason: of the last attempt.
    """

    NAME: ClassVar[str] = "op:logout:undelivered"
    client_id: str
    session_id: str
    attempts: int
    reason: str
