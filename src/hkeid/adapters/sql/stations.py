"""Stations and upgrades in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import bindparam, literal_column, select, update

from hkeid.adapters.sql.columns import instant, moment
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.adapters.sql.station_tables import stations, upgrades
from hkeid.enrolment.stations.records import Station, StationMode, StationStatus
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds

_s, _u = stations.c, upgrades.c
_OVER: Final = tuple(step.value for step in UpgradeStep if step.over)
_AT_STATION: Final = tuple(step.value for step in UpgradeStep if step.at_station)
_LIMIT: Final[Any] = bindparam("limit", required=True)

_ADD_STATION: Final = Statement(
    lambda insert: insert(stations).values(values(stations)).on_conflict_do_nothing()
)
_GET_STATION: Final = Statement(select(stations).where(_s.id == param(_s.id)))
_BY_FINGERPRINT: Final = Statement(select(stations).where(_s.fingerprint == param(_s.fingerprint)))
_STATION_FIXED = ("id", "mode", "created_at", "last_seen_at", "version")
_CHANGE_STATION: Final = Statement(
    update(stations)
    .where(_s.id == param(_s.id, "of_id"), _s.version == param(_s.version, "old_version"))
    .values(
        **values(stations, without=_STATION_FIXED),
        version=_s.version + literal_column("1"),
    )
)
_TOUCH: Final = Statement(
    update(stations)
    .where(_s.id == param(_s.id, "of_id"))
    .values(last_seen_at=param(_s.last_seen_at))
)
_ALL_STATIONS: Final = Statement(select(stations).order_by(_s.id))

_ADD_UPGRADE: Final = Statement(
    lambda insert: insert(upgrades).values(values(upgrades)).on_conflict_do_nothing()
)
_GET_UPGRADE: Final = Statement(select(upgrades).where(_u.id == param(_u.id)))
_BY_NUMBER: Final = Statement(select(upgrades).where(_u.number == param(_u.number)))
_OF_RESIDENT: Final = Statement(
    select(upgrades)
    .where(_u.resident_id == param(_u.resident_id))
    .order_by(_u.created_at.desc(), _u.id)
    .limit(_LIMIT)
)
_AT: Final = Statement(
    select(upgrades)
    .where(
        _u.station_id == param(_u.station_id),
        _u.step.in_([bindparam(f"step_{w}", required=True) for w in _AT_STATION]),
    )
    .order_by(_u.updated_at.desc(), _u.id)
)
_IN_STEP: Final = Statement(
    select(upgrades).where(_u.step == param(_u.step)).order_by(_u.created_at, _u.id).limit(_LIMIT)
)
_DUE: Final = Statement(
    select(upgrades)
    .where(
        _u.expires_at <= param(_u.expires_at, "now"),
        _u.step.not_in([bindparam(f"step_{word}", required=True) for word in _OVER]),
    )
    .order_by(_u.expires_at, _u.id)
    .limit(_LIMIT)
)
_UPGRADE_FIXED = ("id", "receipt", "created_at", "version")
_CHANGE_UPGRADE: Final = Statement(
    update(upgrades)
    .where(_u.id == param(_u.id, "of_id"), _u.version == param(_u.version, "old_version"))
    .values(
        **values(upgrades, without=_UPGRADE_FIXED),
        version=_u.version + literal_column("1"),
    )
)


class SqlStations:
    """:class:`hkeid.enrolment.stations.StationRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, station: Station) -> bool:
        """Keep a new station; False when its id is taken."""
        parameters = {
            **_station_values(station),
            "id": station.id,
            "mode": station.mode.value,
            "created_at": epoch_microseconds(station.created_at),
            "last_seen_at": moment(station.last_seen_at),
            "version": station.version,
        }
        return self._connection.change(_ADD_STATION, parameters) == 1

    def get(self, station_id: str) -> Station | None:
        """By id."""
        row = self._connection.find(_GET_STATION, {"id": station_id})
        return None if row is None else _station(row)

    def by_fingerprint(self, fingerprint: bytes) -> Station | None:
        """By the certificate that is bound to it now."""
        row = self._connection.one(_BY_FINGERPRINT, {"fingerprint": fingerprint})
        return None if row is None else _station(row)

    def change(self, old: Station, new: Station) -> bool:
        """Compare-and-set on the version; id, kind and birth never change."""
        if new.fingerprint is not None:
            holder = self.by_fingerprint(new.fingerprint)
            if holder is not None and holder.id != old.id:
                return False
        parameters = {**_station_values(new), "of_id": old.id, "old_version": old.version}
        return self._connection.change(_CHANGE_STATION, parameters) == 1

    def touch(self, station_id: str, now: Instant) -> None:
        """Note that it was seen."""
        self._connection.change(
            _TOUCH, {"of_id": station_id, "last_seen_at": epoch_microseconds(now)}
        )

    def __iter__(self) -> Iterator[Station]:
        return iter([_station(row) for row in self._connection.rows(_ALL_STATIONS, {})])


class SqlUpgrades(SqlExpiring):
    """:class:`hkeid.enrolment.upgrade.UpgradeRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(upgrades, _u.expires_at, _u.id)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, upgrade: Upgrade) -> bool:
        """Keep a new upgrade; False when its id or number is taken."""
        parameters = {
            **_upgrade_values(upgrade),
            "id": upgrade.id,
            "receipt": upgrade.receipt,
            "created_at": epoch_microseconds(upgrade.created_at),
            "version": upgrade.version,
        }
        return self._connection.change(_ADD_UPGRADE, parameters) == 1

    def get(self, upgrade_id: str) -> Upgrade | None:
        """By id."""
        row = self._connection.find(_GET_UPGRADE, {"id": upgrade_id})
        return None if row is None else _upgrade(row)

    def by_number(self, number: bytes) -> Upgrade | None:
        """By the MAC of the number."""
        row = self._connection.one(_BY_NUMBER, {"number": number})
        return None if row is None else _upgrade(row)

    def of_resident(self, resident_id: str, *, limit: int = 20) -> tuple[Upgrade, ...]:
        """A resident's, newest first."""
        parameters = {"resident_id": resident_id, "limit": limit}
        return self._many(_OF_RESIDENT, parameters)

    def at_station(self, station_id: str) -> tuple[Upgrade, ...]:
        """Those a station is busy with, newest first."""
        return self._many(_AT, {"station_id": station_id, **_words(_AT_STATION)})

    def in_step(self, step: UpgradeStep, *, limit: int = 100) -> tuple[Upgrade, ...]:
        """Those at a step, oldest first."""
        return self._many(_IN_STEP, {"step": step.value, "limit": limit})

    def due(self, now: Instant, *, limit: int = 100) -> tuple[Upgrade, ...]:
        """Those that are not over although their time is."""
        return self._many(_DUE, {"now": epoch_microseconds(now), "limit": limit, **_words(_OVER)})

    def change(self, old: Upgrade, new: Upgrade) -> bool:
        """Compare-and-set on the version; id, receipt and birth never change."""
        if new.number is not None:
            holder = self.by_number(new.number)
            if holder is not None and holder.id != old.id:
                return False
        parameters = {**_upgrade_values(new), "of_id": old.id, "old_version": old.version}
        return self._connection.change(_CHANGE_UPGRADE, parameters) == 1

    def _many(self, statement: Statement, parameters: dict[str, Any]) -> tuple[Upgrade, ...]:
        return tuple(_upgrade(row) for row in self._connection.rows(statement, parameters))


def _station_values(station: Station) -> dict[str, Any]:
    return {
        "name": station.name,
        "status": station.status.value,
        "fingerprint": station.fingerprint,
        "public_key": station.public_key,
        "certificate_ends": moment(station.certificate_ends),
        "sequence": station.sequence,
        "officer": station.officer,
        "officer_session": station.officer_session,
        "officer_until": moment(station.officer_until),
        "updated_at": epoch_microseconds(station.updated_at),
    }


def _station(row: Row) -> Station:
    (station_id, name, mode, status, fingerprint, public_key, ends, sequence, officer, officer_session,
     officer_until, created_at, updated_at, last_seen_at, version) = row  # fmt: skip
    return Station(
        id=station_id,
        name=name,
        mode=StationMode(mode),
        status=StationStatus(status),
        fingerprint=fingerprint,
        public_key=public_key,
        certificate_ends=instant(ends),
        sequence=sequence,
        officer=officer,
        officer_session=officer_session,
        officer_until=instant(officer_until),
        created_at=from_epoch_microseconds(created_at),
        updated_at=from_epoch_microseconds(updated_at),
        last_seen_at=instant(last_seen_at),
        version=version,
    )


def _upgrade_values(upgrade: Upgrade) -> dict[str, Any]:
    return {
        "step": upgrade.step.value,
        "number": upgrade.number,
        "round": upgrade.round,
        "number_ends": moment(upgrade.number_ends),
        "resident_id": upgrade.resident_id,
        "station_id": upgrade.station_id,
        "channel": None if upgrade.channel is None else upgrade.channel.value,
        "officer": upgrade.officer,
        "registers": upgrade.registers,
        "nonce": upgrade.nonce,
        "evidence": upgrade.evidence,
        "facts": canonical_json.dumps(dict(upgrade.facts)),
        "reason": upgrade.reason,
        "claimed_at": moment(upgrade.claimed_at),
        "updated_at": epoch_microseconds(upgrade.updated_at),
        "expires_at": epoch_microseconds(upgrade.expires_at),
    }


def _upgrade(row: Row) -> Upgrade:
    (upgrade_id, receipt, step, number, turn, number_ends, resident_id, station_id, channel,
     officer, registers, nonce, evidence, facts, reason, created_at, claimed_at, updated_at,
     expires_at, version) = row  # fmt: skip
    return Upgrade(
        id=upgrade_id,
        receipt=receipt,
        step=UpgradeStep(step),
        number=number,
        round=turn,
        number_ends=instant(number_ends),
        resident_id=resident_id,
        station_id=station_id,
        channel=None if channel is None else StationMode(channel),
        officer=officer,
        registers=bool(registers),
        nonce=nonce,
        evidence=evidence,
        facts=canonical_json.loads_object(facts),
        reason=reason,
        created_at=from_epoch_microseconds(created_at),
        claimed_at=instant(claimed_at),
        updated_at=from_epoch_microseconds(updated_at),
        expires_at=from_epoch_microseconds(expires_at),
        version=version,
    )


def _words(steps: Iterable[str]) -> dict[str, str]:
    """The parameters of a list of steps."""
    return {f"step_{step}": str(step) for step in steps}
