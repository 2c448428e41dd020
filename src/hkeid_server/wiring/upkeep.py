"""What operators do with the outside parts: making, upgrading, purging, backing up, coming back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hkeid.ports import Clock, KeyStore, Random
from hkeid_server.config import Config
from hkeid_server.journal import Journal
from hkeid_server.wiring.opening import (
    MEMORY,
    open_keys,
    open_vault,
    store_url,
    surroundings,
    vault_url,
)

if TYPE_CHECKING:
    from hkeid.adapters.purging import Retention


def make_keys(config: Config) -> bool:
    """Make a key for every purpose; False when there is a key store already."""
    from hkeid.adapters.keyfiles import FileKeyStore

    folder = config.path(config.keys.directory)
    if (folder / "index.json").exists():
        return False
    clock, random = surroundings()
    FileKeyStore.initialise(folder, clock=clock, random=random, passphrase=config.keys.passphrase)
    return True


def upgrade_store(config: Config) -> str:
    """Bring the store to this release's schema; returns the revision, "" for one in memory."""
    if config.store.url == MEMORY:
        return ""
    from hkeid.adapters.sql import schema

    schema.upgrade(store_url(config))
    return schema.HEAD


def upgrade_vault(config: Config) -> bool:
    """Bring the vault to this release's schema; False for one in memory."""
    if config.vault.url == MEMORY:
        return False
    from hkeid.adapters.vault import sql

    sql.upgrade(vault_url(config))
    return True


def retention_of(config: Config) -> Retention:
    """How long things are kept."""
    from hkeid.adapters.purging import Retention

    return Retention(
        notices=timedelta(days=config.notices.kept_days),
        erased_records=timedelta(days=config.retention.after_erasure_days),
    )


def purge_store(config: Config, store: Any, clock: Clock) -> int:
    """Let go of what has expired and been kept long enough; returns how many records."""
    from hkeid.adapters.purging import purge

    return purge(store, clock.now(), retention=retention_of(config)).total


def end_registrations(
    config: Config, store: Any, keys: KeyStore, clock: Clock, journal: Journal
) -> int:
    """End registrations whose time is over and destroy evidence that has served; returns how many."""
    from hkeid.enrolment.registration import Cases, SweepingParts
    from hkeid_server.wiring.notices import decision_letters, open_carriers
    from hkeid_server.wiring.proofing import open_evidence, registration_settings

    _, random = surroundings()
    evidence = open_evidence(config, store, keys, clock, random)
    notifiers, _inbox = open_carriers(config, clock, random)
    cases = Cases(
        SweepingParts(
            store=store,
            evidence=evidence,
            clock=clock,
            random=random,
            settings=registration_settings(config),
            hooks=decision_letters(config, notifiers, journal),
        )
    )
    try:
        return cases.sweep(limit=500) + _expire_evidence(store, evidence, clock)
    finally:
        evidence.close()


def _expire_evidence(store: Any, evidence: Any, clock: Clock) -> int:
    """Destroy evidence whose time is over, and prove it; returns of how many sessions."""
    from hkeid.adapters.purging import note_purged

    now = clock.now()
    gone: tuple[str, ...] = evidence.expire(now)
    # The keys are in the vault, which does not commit together with the store (ADR 5).
    with store.transaction() as tx:
        note_purged(tx, "evidence", gone, now)
    return len(gone)


def end_upgrades(config: Config, store: Any, keys: KeyStore, clock: Clock) -> int:
    """End upgrades whose time is over and destroy their evidence; returns how many."""
    from hkeid.enrolment.upgrade.offers import end_overdue
    from hkeid_server.wiring.proofing import open_evidence

    _, random = surroundings()
    evidence = open_evidence(config, store, keys, clock, random)
    try:
        return end_overdue(store, evidence, clock, limit=500)
    finally:
        evidence.close()


def back_up_data(config: Config, folder: Path) -> Path:
    """Copy the data as it is now; returns the file."""
    from hkeid.adapters import backup

    clock, _ = surroundings()
    return backup.back_up_data(store_url(config), folder, clock.now()).path


def back_up_vault(config: Config, folder: Path) -> Path:
    """Copy the vault as it is now, for its horizon; returns the file."""
    from hkeid.adapters import backup

    clock, _ = surroundings()
    return backup.back_up_vault(vault_url(config), folder, clock.now()).path


def write_erasures(config: Config, file: Path) -> int:
    """Write the erasure list as a file of its own; returns how many entries."""
    from hkeid.adapters import backup

    return backup.write_erasures(open_vault(config), file)


def restore_data(config: Config, file: Path, *, replace: bool) -> Any:
    """Bring the data back; returns the audit event that says what ended by it."""
    from hkeid.adapters import backup

    clock, random = surroundings()
    return backup.restore_data(
        file,
        store_url(config),
        vault=open_vault(config),
        keys=open_keys(config, clock, random),
        clock=clock,
        random=random,
        replace=replace,
    )


def restore_vault(config: Config, file: Path, *, erasures: Path | None, replace: bool) -> int:
    """Bring the vault back; returns how many residents stay erased."""
    from hkeid.adapters import backup

    clock, _ = surroundings()
    known = None if erasures is None else backup.read_erasures(erasures)
    return backup.restore_vault(
        file, vault_url(config), now=clock.now(), known=known, replace=replace
    )


def notice_rounds(
    config: Config, store: Any, keys: KeyStore, clock: Clock, random: Random, journal: Journal
) -> Callable[[], int]:
    """What sends notices that are due, and says how many."""
    from hkeid.residents import PersonalFields
    from hkeid_server.wiring.notices import make_dispatcher, open_notices

    fields = PersonalFields(keys, open_vault(config), random)
    parts = open_notices(config, store, fields, keys, clock, random)
    dispatcher = make_dispatcher(config, parts, store, clock, journal)
    return lambda: dispatcher.round().told
