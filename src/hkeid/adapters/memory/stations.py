"""Stations and upgrades in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.enrolment.stations.records import Station
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep
from hkeid.kernel.instants import Instant


class MemoryStations:
    """:class:`hkeid.enrolment.stations.StationRepository`."""

    __slots__ = ("_journal", "_stations")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._stations: dict[str, Station] = {}

    def add(self, station: Station) -> bool:
        """Keep a new station; False when its id is taken."""
        if station.id in self._stations:
            return False
        self._journal.set(self._stations, station.id, station)
        return True

    def get(self, station_id: str) -> Station | None:
        """By id."""
        return self._stations.get(station_id)

    def by_fingerprint(self, fingerprint: bytes) -> Station | None:
        """By the certificate that is bound to it now."""
        found = (one for one in self._stations.values() if one.fingerprint == fingerprint)
        return next(found, None)

    def change(self, old: Station, new: Station) -> bool:
        """Compare-and-set on the version; id, kind and birth never change."""
        stored = self._stations.get(old.id)
        if stored is None or stored.version != old.version:
            return False
        if new.fingerprint is not None:
            holder = self.by_fingerprint(new.fingerprint)
            if holder is not None and holder.id != old.id:
                return False
        changed = replace(
            new,
            id=stored.id,
            mode=stored.mode,
            created_at=stored.created_at,
            last_seen_at=stored.last_seen_at,
            version=old.version + 1,
        )
        self._journal.set(self._stations, old.id, changed)
        return True

    def touch(self, station_id: str, now: Instant) -> None:
        """Note that it was seen."""
        stored = self._stations.get(station_id)
        if stored is not None:
            self._journal.set(self._stations, station_id, replace(stored, last_seen_at=now))

    def __iter__(self) -> Iterator[Station]:
        return iter([self._stations[key] for key in sorted(self._stations)])


class MemoryUpgrades(MemoryExpiring[str]):
    """:class:`hkeid.enrolment.upgrade.UpgradeRepository`."""

    __slots__ = ("_journal", "_upgrades")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._upgrades: dict[str, Upgrade] = {}

    def add(self, upgrade: Upgrade) -> bool:
        """Keep a new upgrade; False when its id or number is taken."""
        if upgrade.id in self._upgrades or self._taken(upgrade):
            return False
        self._journal.set(self._upgrades, upgrade.id, upgrade)
        return True

    def get(self, upgrade_id: str) -> Upgrade | None:
        """By id."""
        return self._upgrades.get(upgrade_id)

    def by_number(self, number: bytes) -> Upgrade | None:
        """By the MAC of the number."""
        return next((one for one in self._upgrades.values() if one.number == number), None)

    def of_resident(self, resident_id: str, *, limit: int = 20) -> tuple[Upgrade, ...]:
        """A resident's, newest first."""
        found = self._those(lambda one: one.resident_id == resident_id)
        return tuple(sorted(found, key=lambda one: one.created_at, reverse=True)[:limit])

    def at_station(self, station_id: str) -> tuple[Upgrade, ...]:
        """Those a station is busy with, newest first."""
        found = self._those(lambda one: one.station_id == station_id and one.step.at_station)
        return tuple(sorted(found, key=lambda one: one.updated_at, reverse=True))

    def in_step(self, step: UpgradeStep, *, limit: int = 100) -> tuple[Upgrade, ...]:
        """Those at a step, oldest first."""
        found = self._those(lambda one: one.step is step)
        return tuple(sorted(found, key=lambda one: one.created_at)[:limit])

    def due(self, now: Instant, *, limit: int = 100) -> tuple[Upgrade, ...]:
        """Those that are not over although their time is."""
        found = self._those(lambda one: one.expires_at <= now and not one.step.over)
        return tuple(sorted(found, key=lambda one: one.expires_at)[:limit])

    def change(self, old: Upgrade, new: Upgrade) -> bool:
        """Compare-and-set on the version; id, receipt and birth never change."""
        stored = self._upgrades.get(old.id)
        if stored is None or stored.version != old.version or self._taken(new):
            return False
        changed = replace(
            new,
            id=stored.id,
            receipt=stored.receipt,
            created_at=stored.created_at,
            version=old.version + 1,
        )
        self._journal.set(self._upgrades, old.id, changed)
        return True

    def _ends(self) -> Iterator[tuple[Instant, str]]:
        return ((one.expires_at, key) for key, one in self._upgrades.items())

    def _forget(self, key: str) -> None:
        self._journal.remove(self._upgrades, key)

    def _those(self, wanted: Callable[[Upgrade], bool]) -> list[Upgrade]:
        return [one for one in self._upgrades.values() if wanted(one)]

    def _taken(self, upgrade: Upgrade) -> bool:
        if upgrade.number is None:
            return False
        holder = self.by_number(upgrade.number)
        return holder is not None and holder.id != upgrade.id
