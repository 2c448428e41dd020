"""Types of authorization details for tests of the provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hkeid.kernel.errors import MalformedInput
from hkeid.oidc.authorization_details import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketType:
    """A number of tickets: ``{"type": …, "count": 3}``; fewer are covered by more."""

    name: str = "https://rp.example.hk/tickets"
    approval: bool = False

    def parse(self, members: Mapping[str, Any]) -> Mapping[str, Any]:
        """As :meth:`hkeid.oidc.authorization_details.DetailType.parse`."""
        if set(members) != {"type", "count"}:
            raise MalformedInput("tickets_members", field="members")
        count = members["count"]
        if type(count) is not int or not 0 < count < 100:
            raise MalformedInput("tickets_count", field="count")
        return dict(members)

    def may_ask(self, client: Registration, detail: Mapping[str, Any]) -> bool:
        """As :meth:`hkeid.oidc.authorization_details.DetailType.may_ask`."""
        del client, detail
        return True

    def covers(self, granted: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
        """As :meth:`hkeid.oidc.authorization_details.DetailType.covers`."""
        return bool(asked["count"] <= granted["count"])
