"""Audit events of this room. What a ceremony achieved is recorded by whoever ran it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class CeremonyMisused(AuditEvent):
    """A ceremony was claimed again, from another browser or for another purpose.

    :ivar kind: the ceremony's kind.
    :ivar reason: the refusal's reason.
    """

    NAME: ClassVar[str] = "webauthn:ceremony:misused"
    kind: str
    resident_id: str | None
    reason: str
