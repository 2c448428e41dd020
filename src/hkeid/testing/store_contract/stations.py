"""What every store promises about stations and upgrades."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

from hkeid.enrolment.stations.records import Station, StationMode, StationStatus
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep
from hkeid.testing.store_contract.everything import (
    LATER,
    NOW,
    SECOND,
    AnyStore,
    fresh_bytes,
    fresh_id,
)

_AT_ONCE = 8


def a_station() -> Station:
    """A fresh station with something in every member."""
    return Station(
        id=fresh_id(),
        name="Sha Tin 沙田 2",
        mode=StationMode.COUNTER,
        status=StationStatus.ACTIVE,
        fingerprint=fresh_bytes(),
        public_key=fresh_bytes(91),
        certificate_ends=LATER,
        sequence=7,
        officer="officer-1",
        officer_session="session-1",
        officer_until=LATER,
        created_at=NOW,
        updated_at=NOW,
        last_seen_at=NOW,
    )


def an_upgrade(*, resident_id: str | None = None, station_id: str | None = None) -> Upgrade:
    """A fresh upgrade with something in every member."""
    return Upgrade(
        id=fresh_id(),
        receipt="7F3K-9Q2M-XA4D",
        step=UpgradeStep.CHIP,
        number=fresh_bytes(),
        round=2,
        number_ends=LATER,
        resident_id=resident_id or fresh_id(),
        station_id=station_id or fresh_id(),
        channel=StationMode.COUNTER,
        officer="officer-1",
        registers=True,
        nonce=fresh_bytes(),
        evidence=fresh_bytes(),
        facts={"genuine": "active", "findings": ["specimen_profile"], "face_tries": 1},
        reason="face_unclear",
        created_at=NOW,
        claimed_at=NOW,
        updated_at=NOW,
        expires_at=LATER,
    )


class StationsContract:
    """``tx.stations``."""

    def test_a_station_is_found_by_id_and_by_certificate(self, store: AnyStore) -> None:
        """As it was added; its id is taken then."""
        station = a_station()
        with store.transaction() as tx:
            assert tx.stations.add(station)
            assert not tx.stations.add(replace(station, fingerprint=fresh_bytes()))
        with store.transaction() as tx:
            assert tx.stations.get(station.id) == station
            assert tx.stations.by_fingerprint(station.fingerprint or b"") == station
            assert tx.stations.get(fresh_id()) is None
            assert tx.stations.by_fingerprint(fresh_bytes()) is None
            assert station in tuple(tx.stations)

    def test_a_station_changes_once_for_each_version(self, store: AnyStore) -> None:
        """Compare-and-set; kind and birth stay, being seen is no change."""
        station = a_station()
        changed = replace(
            station, status=StationStatus.SUSPENDED, mode=StationMode.KIOSK, sequence=8
        )
        with store.transaction() as tx:
            tx.stations.add(station)
            tx.stations.touch(station.id, LATER)
            assert tx.stations.change(station, changed)
            assert not tx.stations.change(station, changed)
        with store.transaction() as tx:
            found = tx.stations.get(station.id)
        assert found == replace(changed, mode=StationMode.COUNTER, last_seen_at=LATER, version=2)

    def test_a_certificate_belongs_to_one_station(self, store: AnyStore) -> None:
        """Not even by a change."""
        one, other = a_station(), a_station()
        with store.transaction() as tx:
            tx.stations.add(one)
            tx.stations.add(other)
            assert not tx.stations.change(other, replace(other, fingerprint=one.fingerprint))


class UpgradesContract:
    """``tx.upgrades``."""

    def test_an_upgrade_is_found_in_every_way(self, store: AnyStore) -> None:
        """As it was added."""
        upgrade = an_upgrade()
        with store.transaction() as tx:
            assert tx.upgrades.add(upgrade)
            assert not tx.upgrades.add(replace(upgrade, number=fresh_bytes()))
            assert not tx.upgrades.add(replace(upgrade, id=fresh_id()))
        with store.transaction() as tx:
            assert tx.upgrades.get(upgrade.id) == upgrade
            assert tx.upgrades.by_number(upgrade.number or b"") == upgrade
            assert tx.upgrades.of_resident(upgrade.resident_id or "") == (upgrade,)
            assert tx.upgrades.at_station(upgrade.station_id or "") == (upgrade,)
            assert upgrade in tx.upgrades.in_step(UpgradeStep.CHIP, limit=10_000)
            assert tx.upgrades.get(fresh_id()) is None
            assert tx.upgrades.by_number(fresh_bytes()) is None

    def test_an_upgrade_moves_once_from_each_version(self, store: AnyStore) -> None:
        """Compare-and-set."""
        upgrade = an_upgrade()
        moved = replace(
            upgrade, step=UpgradeStep.DONE, number=None, nonce=b"", facts={}, officer=None
        )
        with store.transaction() as tx:
            tx.upgrades.add(upgrade)
            assert tx.upgrades.change(upgrade, moved)
            assert not tx.upgrades.change(upgrade, moved)
        with store.transaction() as tx:
            assert tx.upgrades.get(upgrade.id) == replace(moved, version=2)
            assert tx.upgrades.at_station(upgrade.station_id or "") == ()

    def test_a_number_belongs_to_one_upgrade(self, store: AnyStore) -> None:
        """Not even by a change."""
        one, other = an_upgrade(), an_upgrade()
        with store.transaction() as tx:
            tx.upgrades.add(one)
            tx.upgrades.add(other)
            assert not tx.upgrades.change(other, replace(other, number=one.number))

    def test_the_newest_comes_first(self, store: AnyStore) -> None:
        """For the resident, and at the station."""
        resident, station = fresh_id(), fresh_id()
        old = an_upgrade(resident_id=resident, station_id=station)
        later = {"created_at": NOW + SECOND, "updated_at": NOW + SECOND}
        new = replace(an_upgrade(resident_id=resident, station_id=station), **later)  # type: ignore[arg-type]
        with store.transaction() as tx:
            tx.upgrades.add(old)
            tx.upgrades.add(new)
        with store.transaction() as tx:
            assert tx.upgrades.of_resident(resident) == (new, old)
            assert tx.upgrades.of_resident(resident, limit=1) == (new,)
            assert tx.upgrades.at_station(station) == (new, old)

    def test_what_is_due_is_what_is_late_and_not_over(self, store: AnyStore) -> None:
        """The limit itself is late."""
        late, done = an_upgrade(), replace(an_upgrade(), step=UpgradeStep.REFUSED)
        with store.transaction() as tx:
            tx.upgrades.add(late)
            tx.upgrades.add(done)
        with store.transaction() as tx:
            assert late not in tx.upgrades.due(LATER - SECOND, limit=10_000)
            found = tx.upgrades.due(LATER, limit=10_000)
        assert late in found
        assert done not in found

    def test_upgrades_are_purged(self, store: AnyStore) -> None:
        """The oldest first, no more than the limit."""
        ages = [replace(an_upgrade(), expires_at=NOW - timedelta(days=9000 - n)) for n in range(3)]
        with store.transaction() as tx:
            for upgrade in ages:
                tx.upgrades.add(upgrade)
        with store.transaction() as tx:
            assert len(tx.upgrades.purge(NOW - timedelta(days=8000), limit=2)) == 2
            assert tx.upgrades.get(ages[2].id) is not None
            assert len(tx.upgrades.purge(NOW - timedelta(days=8000))) == 1

    def test_of_many_moves_at_once_one_counts(self, store: AnyStore) -> None:
        """Once means once."""
        upgrade = an_upgrade()
        with store.transaction() as tx:
            tx.upgrades.add(upgrade)
        won: list[bool] = []
        ready = threading.Barrier(_AT_ONCE)

        def attempt() -> None:
            ready.wait()
            with store.transaction() as tx:
                won.append(tx.upgrades.change(upgrade, replace(upgrade, step=UpgradeStep.DONE)))

        threads = [threading.Thread(target=attempt) for _ in range(_AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(won) == [False] * (_AT_ONCE - 1) + [True]
