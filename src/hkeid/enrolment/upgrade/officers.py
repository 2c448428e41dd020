"""Which officer is at a station: they sign on for it, and sign off or are signed off in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from hkeid.enrolment.stations import Station, StationMode, StationRefused
from hkeid.enrolment.stations.registry import StationTransaction
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.events import OfficerSignedOff, OfficerSignedOn
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock

_DUTY = timedelta(hours=4)


class OfficerPresence(Protocol):
    """Who is on duty where."""

    def at(self, station_id: str, now: Instant) -> str | None:
        """Opaque reference of the officer who is signed on for this station, or None."""
        ...


class OfficersOnDuty:
    """:class:`OfficerPresence` in the store. Whoever calls :meth:`sign_on` has seen the officer log
    in; it is the officers' room that does.
    """

    def __init__(self, store: Store[StationTransaction], clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def sign_on(self, station: Station, officer: str, *, duty: timedelta = _DUTY) -> None:
        """An officer takes their seat; whoever sat there is signed off.

        :param officer: opaque reference, never a name.
        :raises UpgradeRefused: ``officer_not_at_kiosk``.
        :raises hkeid.enrolment.stations.StationRefused: ``station_changed``.
        """
        if station.mode is StationMode.KIOSK:
            raise UpgradeRefused("officer_not_at_kiosk")
        with self._store.transaction() as tx:
            self._set(tx, station.id, officer, self._clock.now() + duty)
            tx.audit.append(OfficerSignedOn(station_id=station.id, officer=officer))

    def sign_off(self, station: Station) -> None:
        """The officer leaves. May be repeated."""
        if self.at(station.id, self._clock.now()) is None:
            return
        with self._store.transaction() as tx:
            self._set(tx, station.id, None, None)
            tx.audit.append(OfficerSignedOff(station_id=station.id))

    def at(self, station_id: str, now: Instant) -> str | None:
        """Who is signed on."""
        with self._store.transaction() as tx:
            station = tx.stations.get(station_id)
        if station is None or station.officer_until is None or now >= station.officer_until:
            return None
        return station.officer

    def _set(
        self,
        tx: StationTransaction,
        station_id: str,
        officer: str | None,
        until: Instant | None,
    ) -> None:
        station = tx.stations.get(station_id)
        if station is None or not tx.stations.change(
            station, replace(station, officer=officer, officer_until=until)
        ):
            raise StationRefused("station_changed")
