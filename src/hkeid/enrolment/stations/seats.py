"""The browser at a station: opened with a ticket that the station fetched over its own channel.

Pages for residents must come from the provider's own origin, or passkeys would not work there. So the
browser cannot show the station's certificate; instead the station's program fetches a ticket over
mutual TLS, opens the page with it, and the page exchanges it, once, for a seat: a cookie by which this
browser counts as that station's. A station has one seat; a new one ends the one before.
"""

from __future__ import annotations

from datetime import timedelta

from hkeid.enrolment.stations.errors import StationRefused
from hkeid.enrolment.stations.events import StationSeated
from hkeid.enrolment.stations.records import Station
from hkeid.enrolment.stations.registry import Stations, StationTransaction
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret, secret_digest
from hkeid.ports.storage import Lost, SingleUseRecord, Store, Won
from hkeid.ports.surroundings import Clock, Random

TICKET_KIND = "station_ticket"
SEAT_KIND = "station_seat"


class Seats:
    """Tickets and seats."""

    def __init__(
        self,
        store: Store[StationTransaction],
        stations: Stations,
        clock: Clock,
        random: Random,
    ) -> None:
        self._store = store
        self._stations = stations
        self._clock = clock
        self._random = random

    def ticket(self, station: Station) -> Secret:
        """A ticket for the station's browser, good once and for a short time."""
        ticket = Secret(self._random.token(32))
        with self._store.transaction() as tx:
            self._put(tx, TICKET_KIND, ticket, station.id, self._stations.settings.ticket_lifetime)
        return ticket

    def take(self, ticket: str) -> Secret:
        """Exchange a ticket for a seat.

        :raises StationRefused: ``seat_ticket_unknown`` (or too old), ``seat_ticket_used``; and as
            :meth:`Stations.usable`.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            outcome = tx.single_use.use_up(TICKET_KIND, secret_digest(ticket), now)
        if isinstance(outcome, Lost):
            raise StationRefused("seat_ticket_used")
        if not isinstance(outcome, Won):
            raise StationRefused("seat_ticket_unknown")
        station = self._stations.usable(_station_of(outcome.record))
        seat = Secret(self._random.token(32))
        with self._store.transaction() as tx:
            replaced = tx.single_use.revoke_family(_family(station.id), now)
            self._put(tx, SEAT_KIND, seat, station.id, self._stations.settings.seat_lifetime)
            tx.audit.append(StationSeated(station_id=station.id, replaced=replaced))
        return seat

    def station(self, seat: str | None) -> Station:
        """The station whose seat a browser has.

        :raises StationRefused: ``seat_missing``; and as :meth:`Stations.usable`.
        """
        if not seat:
            raise StationRefused("seat_missing")
        with self._store.transaction() as tx:
            record = tx.single_use.look(SEAT_KIND, secret_digest(seat))
        if record is None or not _good(record, self._clock.now()):
            raise StationRefused("seat_missing")
        return self._stations.usable(_station_of(record))

    def _put(
        self,
        tx: StationTransaction,
        kind: str,
        secret: Secret,
        station_id: str,
        lifetime: timedelta,
    ) -> None:
        now = self._clock.now()
        kept = tx.single_use.put(
            SingleUseRecord(
                kind=kind,
                digest=secret.digest(),
                family=_family(station_id) if kind == SEAT_KIND else None,
                payload=canonical_json.dumps({"station": station_id}),
                created_at=now,
                expires_at=now + lifetime,
            )
        )
        if not kept:
            raise HkeidError(f"{kind}_repeated")


def _family(station_id: str) -> str:
    return f"{SEAT_KIND}:{station_id}"


def _good(record: SingleUseRecord, now: Instant) -> bool:
    return record.revoked_at is None and now < record.expires_at


def _station_of(record: SingleUseRecord) -> str:
    return str(canonical_json.loads_object(record.payload)["station"])
