"""Whether an officer is at a station: asked through a port, because officers log in elsewhere."""

from __future__ import annotations

from typing import Protocol

from hkeid.kernel.instants import Instant


class OfficerPresence(Protocol):
    """Who is on duty where."""

    def at(self, station_id: str, now: Instant) -> str | None:
        """Opaque reference of the officer who is logged in for this station, or None."""
        ...
