"""Audit events as types: ``room:thing:happened``.

An event carries internal ids and short words, never a name, a number of a card, a token or a key.
Rooms define their own events by subclassing :class:`AuditEvent`::

    @dataclass(frozen=True, slots=True, kw_only=True)
    class CodeRedeemed(AuditEvent):
        NAME: ClassVar[str] = "op:code:redeemed"
        grant_id: str
        client_id: str
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """Something that happened. Field values are ``str``, ``int``, ``bool``, None or tuples of ``str``."""

    NAME: ClassVar[str] = ""

    def body(self) -> dict[str, Any]:
        """The event's fields as JSON values; None left out."""
        result: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                result[field.name] = list(value) if isinstance(value, tuple) else value
        return result


class AuditTrail(Protocol):
    """The audit trail inside a transaction: kept if, and only if, the transaction commits."""

    def append(self, event: AuditEvent) -> None:
        """Record ``event`` at the present moment, chained and authenticated."""
        ...
