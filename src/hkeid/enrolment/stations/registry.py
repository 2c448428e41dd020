"""Enrolled stations: invited with a code, known by their certificate, suspended, revoked.

What a kill leaves behind: *invite* is one transaction. *enrol* issues the certificate first and then
uses up the code and binds the certificate in one transaction; a certificate that was issued and not
bound opens nothing. *renew* binds the new certificate in place of the old one at once, so that of two
certificates of a station never more than one counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NoReturn, Protocol

from hkeid.audit.events import AuditTrail
from hkeid.enrolment.codes import new_code, parse_code
from hkeid.enrolment.labels import parse_label
from hkeid.enrolment.stations.authority import (
    IssuedCertificate,
    StationAuthority,
    StationCertificate,
)
from hkeid.enrolment.stations.errors import StationRefused, StationUnknown
from hkeid.enrolment.stations.events import (
    StationCertified,
    StationInvited,
    StationStatusChanged,
    StationTurnedAway,
)
from hkeid.enrolment.stations.records import (
    Station,
    StationMode,
    StationRepository,
    StationStatus,
)
from hkeid.enrolment.stations.settings import StationSettings
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import ConfigurationError, HkeidError, TooManyAttempts
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.storage import AttemptBudgets, Lost, SingleUse, SingleUseRecord, Store, Won
from hkeid.ports.surroundings import Clock, Random

CODE_KIND = "station_code"
"""``SingleUseRecord.kind`` of enrolment codes."""

_NETWORK = "station_network"
_TURNED_AWAY = "station_turned_away"


class StationTransaction(Protocol):
    """What stations need of a transaction."""

    @property
    def stations(self) -> StationRepository: ...
    @property
    def single_use(self) -> SingleUse: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def audit(self) -> AuditTrail: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What an enrolled station is given."""

    station: Station
    issued: IssuedCertificate


class Stations:
    """The registry of stations.

    :param authority: issues certificates; None where operators bind certificates of another one.
    """

    def __init__(
        self,
        store: Store[StationTransaction],
        keys: KeyStore,
        clock: Clock,
        random: Random,
        authority: StationAuthority | None,
        settings: StationSettings | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._random = random
        self._authority = authority
        self.settings = settings or StationSettings()

    @property
    def authority(self) -> StationAuthority:
        """Who certifies stations.

        :raises hkeid.kernel.errors.ConfigurationError: ``station_authority_missing``.
        """
        if self._authority is None:
            raise ConfigurationError("station_authority_missing", detail="run: hkeid stations ca")
        return self._authority

    def add(self, name: str, mode: StationMode) -> tuple[Station, Secret]:
        """Enter a station; returns it with the code by which it enrols, once."""
        now = self._clock.now()
        station = Station(
            id=self._random.token(12),
            name=parse_label(name),
            mode=mode,
            status=StationStatus.INVITED,
            created_at=now,
            updated_at=now,
        )
        with self._store.transaction() as tx:
            if not tx.stations.add(station):
                raise HkeidError("station_id_repeated")
            return station, self._new_code(tx, station, now)

    def invite_again(self, station_id: str) -> Secret:
        """A new code (the machine was replaced, or the code ran out); earlier ones lose their force.

        :raises StationRefused: ``station_unknown``, ``station_revoked``.
        """
        with self._store.transaction() as tx:
            station = _known(tx, station_id)
            if station.status is StationStatus.REVOKED:
                raise StationRefused("station_revoked")
            return self._new_code(tx, station, self._clock.now())

    def enrol(self, code: str, request: str, *, network: str) -> Enrolled:
        """Bind a certificate for the key in ``request`` to the station whose code this is.

        :param network: coarse network that the request came from; attempts are counted by it.
        :raises StationRefused: ``station_code_unknown``, ``station_code_expired``,
            ``station_code_used``, ``station_code_revoked``, ``station_revoked``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``station_attempts_exhausted``.
        :raises hkeid.kernel.errors.HkeidError: what the authority says of the request.
        """
        digest = self._digest(code)
        subject = self._spend(network)
        now = self._clock.now()
        with self._store.transaction() as tx:
            record = tx.single_use.look(CODE_KIND, digest)
        refusal = _why_not(record, now)
        if refusal is not None:
            self.turn_away(refusal)
        assert record is not None
        station_id = _station_of(record)
        issued = self.authority.issue(
            request, station_id=station_id, now=now, lifetime=self.settings.certificate_lifetime
        )
        with self._store.transaction() as tx:
            outcome = tx.single_use.use_up(CODE_KIND, digest, now)
            if isinstance(outcome, Lost):
                raise StationRefused("station_code_used")
            if not isinstance(outcome, Won):
                raise StationRefused("station_code_expired")
            station = _known(tx, station_id)
            if station.status is StationStatus.REVOKED:
                raise StationRefused("station_revoked")
            bound = self._bind(tx, station, issued.certificate, "enrolment", now)
            tx.budgets.refund(_NETWORK, subject)
        return Enrolled(station=bound, issued=issued)

    def renew(self, station: Station, request: str) -> Enrolled:
        """A new certificate for a station that came with its present one.

        :raises StationRefused: ``station_changed``.
        """
        now = self._clock.now()
        issued = self.authority.issue(
            request, station_id=station.id, now=now, lifetime=self.settings.certificate_lifetime
        )
        with self._store.transaction() as tx:
            present = _known(tx, station.id)
            if present.fingerprint != station.fingerprint:
                raise StationRefused("certificate_replaced")
            if present.status is not StationStatus.ACTIVE:
                raise StationRefused(f"station_{present.status.value}")
            bound = self._bind(tx, present, issued.certificate, "renewal", now)
        return Enrolled(station=bound, issued=issued)

    def bind(self, station_id: str, certificate: StationCertificate) -> Station:
        """Bind a certificate that another authority issued (operator's work).

        :raises StationRefused: ``station_unknown``, ``station_revoked``, ``certificate_taken``.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            station = _known(tx, station_id)
            if station.status is StationStatus.REVOKED:
                raise StationRefused("station_revoked")
            return self._bind(tx, station, certificate, "operator", now)

    def recognise(self, certificate: StationCertificate) -> Station:
        """The station that came with a certificate which the proxy verified; notes that it was seen.

        :raises StationRefused: ``certificate_unknown``, ``certificate_expired``,
            ``certificate_not_yet_valid``, ``station_suspended``, ``station_revoked``.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            station = tx.stations.by_fingerprint(certificate.fingerprint)
            refusal = _why_turned_away(station, certificate, now)
            if station is not None and refusal is None:
                tx.stations.touch(station.id, now)
        if refusal is not None:
            self.turn_away(refusal, station_id=None if station is None else station.id)
        assert station is not None
        return station

    def usable(self, station_id: str) -> Station:
        """A station by its id, if it may work at present (its browser asks).

        :raises StationRefused: ``station_unknown``, ``station_invited``, ``station_suspended``,
            ``station_revoked``, ``certificate_expired``.
        """
        with self._store.transaction() as tx:
            station = _known(tx, station_id)
        if station.status is not StationStatus.ACTIVE:
            raise StationRefused(f"station_{station.status.value}")
        if station.certificate_ends is None or station.certificate_ends <= self._clock.now():
            raise StationRefused("certificate_expired")
        return station

    def turn_away(self, refusal: StationRefused, *, station_id: str | None = None) -> NoReturn:
        """Record a refusal, as far as the budget goes, and raise it."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            subject = (station_id or "").encode("utf-8", "surrogatepass")
            budget = tx.budgets.spend(
                _TURNED_AWAY,
                subject,
                limit=self.settings.recorded_refusals,
                window=self.settings.window,
                now=now,
            )
            if budget.allowed:
                tx.audit.append(StationTurnedAway(reason=refusal.reason, station_id=station_id))
        raise refusal

    def suspend(self, station_id: str) -> Station:
        """Take a station out of work until :meth:`resume`."""
        return self._set(station_id, StationStatus.SUSPENDED, {StationStatus.ACTIVE})

    def resume(self, station_id: str) -> Station:
        """Let a suspended station work again."""
        return self._set(station_id, StationStatus.ACTIVE, {StationStatus.SUSPENDED})

    def revoke(self, station_id: str) -> Station:
        """Take a station out of work for good; its codes lose their force."""
        others = set(StationStatus) - {StationStatus.REVOKED}
        return self._set(station_id, StationStatus.REVOKED, others)

    def all(self) -> tuple[Station, ...]:
        """Every station, in order of name."""
        with self._store.transaction() as tx:
            return tuple(sorted(tx.stations, key=lambda station: (station.name, station.id)))

    # --- details ---------------------------------------------------------------------------------

    def _set(
        self, station_id: str, status: StationStatus, before: Iterable[StationStatus]
    ) -> Station:
        now = self._clock.now()
        with self._store.transaction() as tx:
            station = _known(tx, station_id)
            if station.status is status:
                return station
            if station.status not in before:
                raise StationRefused(f"station_{station.status.value}")
            changed = replace(station, status=status, updated_at=now)
            if not tx.stations.change(station, changed):
                raise StationRefused("station_changed")
            if status is StationStatus.REVOKED:
                tx.single_use.revoke_family(_family(station.id), now)
            tx.audit.append(
                StationStatusChanged(
                    station_id=station.id, before=station.status.value, after=status.value
                )
            )
        return replace(changed, version=station.version + 1)

    def _new_code(self, tx: StationTransaction, station: Station, now: Instant) -> Secret:
        family = _family(station.id)
        revoked = tx.single_use.revoke_family(family, now)
        code = new_code(self._random)
        kept = tx.single_use.put(
            SingleUseRecord(
                kind=CODE_KIND,
                digest=self._digest(code.reveal()),
                family=family,
                payload=canonical_json.dumps({"station": station.id}),
                created_at=now,
                expires_at=now + self.settings.code_lifetime,
            )
        )
        if not kept:
            raise HkeidError("station_code_repeated")
        tx.audit.append(
            StationInvited(station_id=station.id, mode=station.mode.value, revoked=revoked)
        )
        return code

    def _bind(
        self,
        tx: StationTransaction,
        station: Station,
        certificate: StationCertificate,
        by: str,
        now: Instant,
    ) -> Station:
        status = station.status
        changed = replace(
            station,
            status=StationStatus.ACTIVE if status is StationStatus.INVITED else status,
            fingerprint=certificate.fingerprint,
            public_key=certificate.public_key,
            certificate_ends=certificate.not_after,
            # A machine that enrols anew counts anew: its key is another, so that no upload of before is
            # taken again.
            sequence=0 if by == "enrolment" else station.sequence,
            updated_at=now,
        )
        if tx.stations.by_fingerprint(certificate.fingerprint) is not None:
            raise StationRefused("certificate_taken")
        if not tx.stations.change(station, changed):
            raise StationRefused("station_changed")
        tx.audit.append(
            StationCertified(
                station_id=station.id,
                by=by,
                fingerprint=base64url.encode(certificate.fingerprint[:16]),
            )
        )
        return replace(changed, version=station.version + 1)

    def _digest(self, code: str) -> bytes:
        text = f"{CODE_KIND}:{parse_code(code)}"
        return self._keys.mac(KeyPurpose.SHORT_CODE, text.encode("ascii"))

    def _spend(self, network: str) -> bytes:
        """Count an attempt; a right code gives it back."""
        subject = self._keys.mac(
            KeyPurpose.SHORT_CODE, f"{_NETWORK}:{network}".encode("utf-8", "surrogatepass")
        )
        with self._store.transaction() as tx:
            budget = tx.budgets.spend(
                _NETWORK,
                subject,
                limit=self.settings.enrol_attempts,
                window=self.settings.window,
                now=self._clock.now(),
            )
        if not budget.allowed:
            raise TooManyAttempts("station_attempts_exhausted", retry_after=budget.retry_after)
        return subject


def _family(station_id: str) -> str:
    return f"{CODE_KIND}:{station_id}"


def _known(tx: StationTransaction, station_id: str) -> Station:
    station = tx.stations.get(station_id)
    if station is None:
        raise StationUnknown("station_unknown")
    return station


def _station_of(record: SingleUseRecord) -> str:
    return str(canonical_json.loads_object(record.payload)["station"])


def _why_not(record: SingleUseRecord | None, now: Instant) -> StationRefused | None:
    if record is None:
        return StationRefused("station_code_unknown")
    if record.revoked_at is not None:
        return StationRefused("station_code_revoked")
    if record.used_at is not None:
        return StationRefused("station_code_used")
    if now >= record.expires_at:
        return StationRefused("station_code_expired")
    return None


def _why_turned_away(
    station: Station | None, certificate: StationCertificate, now: Instant
) -> StationRefused | None:
    if station is None:
        return StationRefused("certificate_unknown")
    if now < certificate.not_before:
        return StationRefused("certificate_not_yet_valid")
    if now >= certificate.not_after:
        return StationRefused("certificate_expired")
    if station.status is not StationStatus.ACTIVE:
        return StationRefused(f"station_{station.status.value}")
    return None
