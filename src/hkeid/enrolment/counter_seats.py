"""Officers take and leave their seat at a counter or with a mobile team, from the console.

The seat belongs to the session in which it was taken (see :mod:`hkeid.enrolment.upgrade.officers`).
Stations themselves are changed by operators alone, and not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hkeid.enrolment.stations import Station, StationMode, StationStatus
from hkeid.enrolment.stations.registry import StationTransaction
from hkeid.enrolment.upgrade.officers import OfficersOnDuty, OnDuty
from hkeid.kernel.instants import Instant
from hkeid.officers import Officers, OfficersTransaction, OfficerView, Permission


class SeatTransaction(StationTransaction, OfficersTransaction, Protocol):
    """Stations and officers inside a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationLine:
    """A station as officers see it.

    :ivar duty: who sits there, None: nobody.
    :ivar mine: the officer who looks does.
    :ivar takeable: the officer who looks may sit down there.
    """

    id: str
    name: str
    mode: StationMode
    status: StationStatus
    last_seen_at: Instant | None
    duty: OnDuty | None
    mine: bool
    takeable: bool


class CounterSeats:
    """Who sits where, for the console."""

    def __init__(self, officers: Officers[SeatTransaction], on_duty: OfficersOnDuty) -> None:
        self._officers = officers
        self._on_duty = on_duty

    def stations(self, view: OfficerView) -> tuple[StationLine, ...]:
        """Every station, by name.

        :raises hkeid.officers.AccessDenied: without ``station.read``.
        """
        with self._officers.acting(view, Permission.STATION_READ) as admission:
            tx, now = admission.tx, admission.now
            lines = [
                self._line(view, station, self._on_duty.seated(tx, station, now))
                for station in tx.stations
            ]
        return tuple(sorted(lines, key=lambda one: (one.name, one.id)))

    def take(self, view: OfficerView, station_id: str) -> Station:
        """Sit down at a station; one's other seat is left, and who sat there is signed off.

        :raises hkeid.officers.AccessDenied: without ``station.sit``.
        :raises hkeid.officers.OfficerStepUpRequired: ``step_up_required``.
        :raises hkeid.enrolment.upgrade.UpgradeRefused: ``officer_not_at_kiosk``.
        :raises hkeid.enrolment.stations.StationRefused: see :meth:`OfficersOnDuty.take`.
        """
        with self._officers.acting(view, Permission.STATION_SIT) as admission:
            return self._on_duty.take(
                admission.tx,
                station_id,
                view.officer_id,
                session=view.session_id,
                now=admission.now,
            )

    def leave(self, view: OfficerView, station_id: str) -> bool:
        """Leave one's own seat; False when it is not one's own. Needs no fresh passkey.

        :raises hkeid.officers.AccessDenied: without ``station.read``.
        :raises hkeid.enrolment.stations.StationRefused: ``station_changed``.
        """
        with self._officers.acting(view, Permission.STATION_READ) as admission:
            return self._on_duty.leave(admission.tx, station_id, view.officer_id)

    def _line(self, view: OfficerView, station: Station, duty: OnDuty | None) -> StationLine:
        open_to_officers = (
            station.mode is not StationMode.KIOSK and station.status is StationStatus.ACTIVE
        )
        mine = duty is not None and duty.officer == view.officer_id
        return StationLine(
            id=station.id,
            name=station.name,
            mode=station.mode,
            status=station.status,
            last_seen_at=station.last_seen_at,
            duty=duty,
            mine=mine,
            takeable=open_to_officers and not mine and view.may(Permission.STATION_SIT),
        )
