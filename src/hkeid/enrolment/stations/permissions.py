"""Letting a station do what its kind may do, and nothing else."""

from __future__ import annotations

from hkeid.enrolment.stations.errors import StationRefused
from hkeid.enrolment.stations.records import Station, StationPermission


def require(station: Station, permission: StationPermission) -> None:
    """Let a station pass that may do this.

    :raises StationRefused: ``station_not_allowed``.
    """
    if not station.may(permission):
        raise StationRefused("station_not_allowed", detail=permission.value)
