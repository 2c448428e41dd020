"""Stations: machines with a card reader that may upgrade an eID (S5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.enrolment.stations.authority import (
        IssuedCertificate,
        StationAuthority,
        StationCertificate,
    )
    from hkeid.enrolment.stations.errors import StationRefused, StationUnknown
    from hkeid.enrolment.stations.records import (
        Station,
        StationMode,
        StationPermission,
        StationRepository,
        StationStatus,
        permissions_of,
    )
    from hkeid.enrolment.stations.registry import Enrolled, Stations
    from hkeid.enrolment.stations.seats import Seats
    from hkeid.enrolment.stations.settings import StationSettings

__getattr__ = names_on_demand(
    __name__,
    {
        "authority": ("IssuedCertificate", "StationAuthority", "StationCertificate"),
        "errors": ("StationRefused", "StationUnknown"),
        "records": (
            "Station",
            "StationMode",
            "StationPermission",
            "StationRepository",
            "StationStatus",
            "permissions_of",
        ),
        "registry": ("Enrolled", "Stations"),
        "seats": ("Seats",),
        "settings": ("StationSettings",),
    },
)

__all__ = [
    "Enrolled",
    "IssuedCertificate",
    "Seats",
    "Station",
    "StationAuthority",
    "StationCertificate",
    "StationMode",
    "StationPermission",
    "StationRefused",
    "StationRepository",
    "StationSettings",
    "StationStatus",
    "StationUnknown",
    "Stations",
    "permissions_of",
]
