"""Whether the station that read a card is still believed: its status counts until the eID is an eID+.

What a station read rests on the station. One that is revoked is believed in nothing that is not concluded;
one that is suspended, in nothing for the time being.
"""

from __future__ import annotations

from hkeid.enrolment.stations import StationStatus
from hkeid.enrolment.upgrade.errors import UpgradeRefused
from hkeid.enrolment.upgrade.parts import UpgradeParts, end
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep, UpgradeTransaction
from hkeid.kernel.instants import Instant
from hkeid.ports.evidence import EvidenceVault
from hkeid.ports.storage import Store

STATION_REVOKED = "station_revoked"
STATION_SUSPENDED = "station_suspended"


def station_fault(tx: UpgradeTransaction, upgrade: Upgrade) -> str | None:
    """Why the station of an upgrade is not believed now; None: it is, or no station took it up."""
    if upgrade.station_id is None:
        return None
    station = tx.stations.get(upgrade.station_id)
    if station is None or station.status is StationStatus.REVOKED:
        return STATION_REVOKED
    return None if station.status is StationStatus.ACTIVE else STATION_SUSPENDED


def check_station(tx: UpgradeTransaction, upgrade: Upgrade) -> None:
    """In the transaction that concludes.

    :raises UpgradeRefused: ``station_revoked``, ``station_suspended``.
    """
    fault = station_fault(tx, upgrade)
    if fault is not None:
        raise UpgradeRefused(fault)


def require_station(parts: UpgradeParts, upgrade: Upgrade) -> None:
    """Before anything is asked of the resident; what a revoked station read is ended.

    :raises UpgradeRefused: ``station_revoked``, ``station_suspended``: it waits for the station.
    """
    with parts.store.transaction() as tx:
        fault = station_fault(tx, upgrade)
    if fault == STATION_REVOKED:
        parts.refuse(upgrade, fault)
    if fault is not None:
        raise UpgradeRefused(fault)


def end_of_revoked(store: Store[UpgradeTransaction], vault: EvidenceVault, now: Instant) -> int:
    """End what revoked stations left open and no officer looks at; returns how many.

    Referred cases stay: officers refuse them, and see why, unless the resident begins anew before.
    """
    with store.transaction() as tx:
        revoked = [one.id for one in tx.stations if one.status is StationStatus.REVOKED]
        left = [upgrade for one in revoked for upgrade in tx.upgrades.at_station(one)]
    done = 0
    for upgrade in left:
        try:
            with store.transaction() as tx:
                end(tx, upgrade, UpgradeStep.REFUSED, STATION_REVOKED, now)
        except UpgradeRefused:
            continue  # somebody acted at the same moment
        vault.destroy(upgrade.id)
        done += 1
    return done
