"""What the server needs for stations, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.enrolment.stations import Seats, StationAuthority, Stations
from hkeid.enrolment.upgrade import OfficersOnDuty, Upgrades


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRooms:
    """Stations, their browsers, and upgrades.

    :ivar reader: reads certificates, also where none are issued.
    """

    stations: Stations
    seats: Seats
    upgrades: Upgrades
    officers: OfficersOnDuty
    reader: StationAuthority
