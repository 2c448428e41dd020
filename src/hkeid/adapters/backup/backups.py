"""Making backups while the service runs, and letting go of those whose time is over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url

from hkeid.adapters.backup import sqlite_files
from hkeid.adapters.backup.names import BackupFile, Kind, name_of, parse
from hkeid.adapters.sql.sqlite import SqliteSettings, database_file
from hkeid.adapters.vault.sql import VAULT_SETTINGS
from hkeid.adapters.vault.tables import evidence_keys
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.kernel.instants import Instant

HORIZON: Final = timedelta(days=7)
"""How long a backup of the vault may be used: after this an erasure is complete everywhere."""


NEVER_BACKED_UP: Final = evidence_keys.name
"""Keys of proofing sessions die with the decision; a copy would outlive it. So there is none, and a
restored vault opens no evidence."""


def back_up_data(url: str | URL, folder: Path, now: Instant) -> BackupFile:
    """A consistent copy of the data store as it is now; the service goes on meanwhile.

    :raises hkeid.kernel.errors.Refused: ``backup_exists``.
    :raises hkeid.kernel.errors.ConfigurationError: ``postgresql_tools_missing``.
    :raises hkeid.kernel.errors.Unavailable: ``backup_failed`` and those of the store.
    """
    return _back_up("data", make_url(url), folder, now, None)


def back_up_vault(
    url: str | URL, folder: Path, now: Instant, *, horizon: timedelta = HORIZON
) -> BackupFile:
    """A consistent copy of the vault, which may be used until ``now`` plus ``horizon``.

    Keep it apart from the backups of the data. Those whose horizon has passed are deleted from
    ``folder`` on the way.

    :raises: as :func:`back_up_data`; ``backups_not_apart`` when backups of data are in ``folder``.
    """
    if any(found.kind == "data" for found in list_backups(folder)):
        raise Refused("backups_not_apart", detail="vault and data need folders of their own")
    made = _back_up("vault", make_url(url), folder, now, now + horizon)
    prune_vault_backups(folder, now)
    return made


def list_backups(folder: Path) -> tuple[BackupFile, ...]:
    """The backups in a folder, oldest first; other files are passed over."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            found.append(parse(path))
        except MalformedInput:
            continue
    return tuple(sorted(found, key=lambda backup: (backup.made_at, backup.path.name)))


def prune_vault_backups(folder: Path, now: Instant) -> tuple[Path, ...]:
    """Delete the vault's backups whose horizon has passed; returns which."""
    expired = tuple(found.path for found in list_backups(folder) if found.expired(now))
    for path in expired:
        path.unlink(missing_ok=True)
    return expired


def _back_up(kind: Kind, url: URL, folder: Path, now: Instant, until: Instant | None) -> BackupFile:
    is_sqlite = url.get_backend_name() == "sqlite"
    path = folder / name_of(kind, now, until, "sqlite" if is_sqlite else "pgdump")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        raise Refused("backup_exists", detail=path.name)
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        if is_sqlite:
            settings = VAULT_SETTINGS if kind == "vault" else SqliteSettings()
            sqlite_files.copy(database_file(url), partial, settings)
            if kind == "vault":
                sqlite_files.empty(partial, NEVER_BACKED_UP, settings)
        else:
            from hkeid.adapters.backup import postgresql

            postgresql.dump(url, partial, without=(NEVER_BACKED_UP,) if kind == "vault" else ())
        sqlite_files.put_in_place(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return parse(path)
