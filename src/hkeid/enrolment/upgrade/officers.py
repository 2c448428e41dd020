"""Which officer is at a station: they take the seat, and leave it or lose it in time.

A seat belongs to a session of the officers' room and holds no longer than it: it is lost at once when the
officer logs out, is suspended, or is no counter officer any more; when nothing was done from it for a
while; and eight hours after the officer last used the passkey in any case. Whether the console is idle
does not matter: the officer works on the station's pages meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from hkeid.enrolment.stations import Station, StationMode, StationRefused, StationStatus
from hkeid.enrolment.stations.errors import StationUnknown
from hkeid.enrolment.stations.registry import StationTransaction
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.events import OfficerSignedOff, OfficerSignedOn
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeTransaction
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.instants import Instant
from hkeid.officers import (
    AccessReason,
    OfficerStatus,
    OfficersTransaction,
    Permission,
    RecordAccess,
    Role,
)
from hkeid.officers.events import AccessMade
from hkeid.officers.roles import role_for
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock

DUTY = timedelta(hours=8)
"""How long an officer may sit without using the passkey anew."""

IDLE = timedelta(minutes=30)
"""How long a seat is kept from which nothing is done, unless a deployment says otherwise."""

TEST_OFFICER = "sandbox-officer"
"""Who sits down by the sandbox's button; counts nowhere else."""

_TURNS = 5


class DutyTransaction(StationTransaction, OfficersTransaction, Protocol):
    """Stations and officers inside a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """Who sits at a station.

    :ivar officer: opaque reference.
    :ivar role: by which they serve; None: the sandbox's test officer.
    :ivar until: when the seat is lost if nothing is done from it.
    """

    officer: str
    role: Role | None
    until: Instant


class OfficerPresence(Protocol):
    """Who is on duty where."""

    def at(self, station_id: str, now: Instant) -> str | None:
        """Opaque reference of the officer who is signed on for this station, or None."""
        ...


class OfficersOnDuty:
    """:class:`OfficerPresence` in the store, so that every process sees it.

    :param test_officer: the sandbox's test officer may sit down; never in production.
    :param idle: how long a seat is kept from which nothing is done; at most :data:`DUTY`.
    :raises ConfigurationError: ``seat_idle_invalid``.
    """

    def __init__(
        self,
        store: Store[DutyTransaction],
        clock: Clock,
        *,
        test_officer: bool = False,
        idle: timedelta = IDLE,
    ) -> None:
        if not timedelta(0) < idle <= DUTY:
            raise ConfigurationError("seat_idle_invalid")
        self._idle = idle
        self._store = store
        self._clock = clock
        self._test_officer = test_officer

    def sign_on(self, station: Station, officer: str, *, session: str) -> None:
        """As :meth:`take`, in a transaction of its own; the caller has seen the officer log in."""
        with self._store.transaction() as tx:
            self.take(tx, station.id, officer, session=session, now=self._clock.now())

    def take(
        self, tx: DutyTransaction, station_id: str, officer: str, *, session: str, now: Instant
    ) -> Station:
        """An officer takes the seat. Whoever sat there is signed off, and so is this officer from
        any other seat: nobody is in two places.

        :param officer: opaque reference, never a name.
        :param session: the officer's live session.
        :raises UpgradeRefused: ``officer_not_at_kiosk``, ``officer_not_allowed``.
        :raises hkeid.enrolment.stations.StationRefused: ``station_unknown``,
            ``station_not_enrolled``, ``station_suspended``, ``station_revoked``, ``station_changed``.
        """
        station = _open_to_officers(tx, station_id)
        for other in tuple(tx.stations):
            if other.officer == officer and other.id != station_id:
                self._leave(tx, other)
        if station.officer is not None and station.officer != officer:
            tx.audit.append(OfficerSignedOff(station_id=station_id, officer=station.officer))
        seated = replace(
            station, officer=officer, officer_session=session, officer_until=now + self._idle
        )
        if not tx.stations.change(station, seated):
            raise StationRefused("station_changed")
        if self.seated(tx, seated, now) is None:
            raise UpgradeRefused("officer_not_allowed")
        tx.audit.append(OfficerSignedOn(station_id=station_id, officer=officer))
        return replace(seated, version=station.version + 1)

    def sit_test_officer(self, station: Station) -> None:
        """The sandbox's test officer sits down by a button.

        :raises UpgradeRefused: ``officer_login_missing``: elsewhere officers use their passkey.
        """
        if not self._test_officer:
            raise UpgradeRefused("officer_login_missing")
        self.sign_on(station, TEST_OFFICER, session="")

    def sign_off(self, station: Station) -> None:
        """Whoever sits there leaves. May be repeated."""
        for _ in range(_TURNS):
            with self._store.transaction() as tx:
                known = tx.stations.get(station.id)
                if known is None or known.officer is None or self._try_leave(tx, known):
                    return
        raise StationRefused("station_changed")

    def leave(self, tx: DutyTransaction, station_id: str, officer: str) -> bool:
        """This officer leaves; False when they do not sit there.

        :raises hkeid.enrolment.stations.StationRefused: ``station_changed``.
        """
        station = tx.stations.get(station_id)
        if station is None or station.officer != officer:
            return False
        self._leave(tx, station)
        return True

    def at(self, station_id: str, now: Instant) -> str | None:
        """Who sits there."""
        found = self.who(station_id, now)
        return None if found is None else found.officer

    def who(self, station_id: str, now: Instant) -> OnDuty | None:
        """Who sits there, with their role."""
        with self._store.transaction() as tx:
            station = tx.stations.get(station_id)
            return None if station is None else self.seated(tx, station, now)

    def act(self, station_id: str) -> OnDuty | None:
        """Who sits there and does something now, so that the seat is not idle; None: nobody."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            station = tx.stations.get(station_id)
            duty = None if station is None else self.seated(tx, station, now)
            if station is not None and duty is not None:
                self._note_use(tx, station, now)
            return duty

    def seated(self, tx: DutyTransaction, station: Station, now: Instant) -> OnDuty | None:
        """Who sits at a station, as it stands in this transaction; nobody where anything is amiss."""
        until = station.officer_until
        if station.officer is None or until is None or now >= until:
            return None
        if station.status is not StationStatus.ACTIVE or station.mode is StationMode.KIOSK:
            return None
        if station.officer == TEST_OFFICER:
            return _test_officer(until) if self._test_officer else None
        session = tx.officer_sessions.get(station.officer_session or "")
        officer = tx.officers.get(station.officer)
        if session is None or session.ended_at is not None or session.officer_id != station.officer:
            return None
        if officer is None or officer.status is not OfficerStatus.ACTIVE:
            return None
        until = min(until, session.stepped_up_at + DUTY)
        role = role_for(officer.roles, Permission.STATION_SERVE)
        if role is None or now >= until:
            return None
        return OnDuty(officer=officer.id, role=role, until=until)

    # --- details ---------------------------------------------------------------------------------

    def _note_use(self, tx: DutyTransaction, station: Station, now: Instant) -> None:
        """Keep the seat; not at every act, and not if somebody changes the station just now."""
        until = now + self._idle
        if station.officer_until is None or until - station.officer_until >= self._idle / 20:
            tx.stations.change(station, replace(station, officer_until=until))

    def _leave(self, tx: DutyTransaction, station: Station) -> None:
        if not self._try_leave(tx, station):
            raise StationRefused("station_changed")

    def _try_leave(self, tx: DutyTransaction, station: Station) -> bool:
        empty = replace(station, officer=None, officer_session=None, officer_until=None)
        if not tx.stations.change(station, empty):
            return False
        tx.audit.append(OfficerSignedOff(station_id=station.id, officer=station.officer or ""))
        return True


def _test_officer(until: Instant) -> OnDuty:
    return OnDuty(officer=TEST_OFFICER, role=None, until=until)


def _open_to_officers(tx: DutyTransaction, station_id: str) -> Station:
    """A station at which an officer may sit."""
    station = tx.stations.get(station_id)
    if station is None:
        raise StationUnknown("station_unknown")
    if station.mode is StationMode.KIOSK:
        raise UpgradeRefused("officer_not_at_kiosk")
    if station.status is StationStatus.INVITED:
        raise StationRefused("station_not_enrolled")
    if station.status is not StationStatus.ACTIVE:
        raise StationRefused(f"station_{station.status.value}")
    return station


def note_service(
    tx: UpgradeTransaction, upgrade: Upgrade, officer: str, role: Role, access_id: str, now: Instant
) -> None:
    """Keep that an officer served a person at a station; the person sees it in My eID."""
    access = RecordAccess(
        id=access_id,
        at=now,
        officer_id=officer,
        role=role,
        permission=Permission.STATION_SERVE,
        reason=AccessReason.RESIDENT_AT_COUNTER,
        resident_id=upgrade.resident_id,
        case_id=upgrade.case_id,
    )
    tx.record_accesses.add(access)
    tx.audit.append(
        AccessMade(
            officer_id=officer,
            role=role.value,
            permission=access.permission.value,
            reason=access.reason.value,
            resident_id=access.resident_id,
            case_id=access.case_id,
            access_id=access.id,
        )
    )
