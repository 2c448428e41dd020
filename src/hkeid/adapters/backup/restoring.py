"""Coming back from a backup: nothing serves before the erasure list was replayed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from sqlalchemy.engine import URL, make_url

from hkeid.adapters.backup import sqlite_files
from hkeid.adapters.backup.names import BackupFile, Kind, parse
from hkeid.adapters.sql.restoring import end_what_was_under_way, mark, unmark
from hkeid.adapters.sql.schema import upgrade as upgrade_data
from hkeid.adapters.sql.sqlite import SqliteSettings, database_file
from hkeid.adapters.sql.store import SqlStore
from hkeid.adapters.vault.sql import VAULT_SETTINGS, SqlVault
from hkeid.adapters.vault.sql import upgrade as upgrade_vault
from hkeid.audit.events import AuditEvent
from hkeid.kernel.errors import ConfigurationError, HkeidError, Refused, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyStore
from hkeid.ports.surroundings import Clock, Random
from hkeid.ports.vault import DataKeyVault
from hkeid.residents.erasure import replay_erasures


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRestored(AuditEvent):
    """The data store came back from a backup.

    :ivar backup: the file's name.
    :ivar erased_again: residents who had come back with it and were erased again.
    """

    NAME: ClassVar[str] = "store:backup:restored"

    backup: str
    sessions_ended: int
    grants_revoked: int
    erased_again: int


def restore_data(
    backup: Path,
    url: str | URL,
    *,
    vault: DataKeyVault,
    keys: KeyStore,
    clock: Clock,
    random: Random,
    replace: bool = False,
) -> StoreRestored:
    """Bring the data back as it was, but for what must not come back.

    Erased residents stay erased (the vault says who), sessions, grants and everything that is used
    once end, and the schema is brought to this release's. Until all that is done the store refuses
    to serve; a restore that was interrupted is simply started again. What cannot be known is what
    was revoked after the backup, such as a lost device: look it up in exported audit records.

    :param replace: the database exists and is to be replaced; the service must be stopped.
    :raises hkeid.kernel.errors.Refused: ``restore_target_exists``, ``store_in_use``,
        ``backup_kind_wrong``.
    :raises hkeid.kernel.errors.MalformedInput: ``backup_name_malformed``.
    :raises hkeid.kernel.errors.ConfigurationError: ``backup_engine_differs``,
        ``postgresql_tools_missing``.
    """
    address = make_url(url)
    source = _source(backup, "data", address)
    finish = partial(_finish, source=source, vault=vault, keys=keys, clock=clock, random=random)
    if source.engine == "pgdump":
        from hkeid.adapters.backup import postgresql

        postgresql.check_target(address, replace=replace)
        postgresql.load(address, source.path, postgresql.marking_pending())
        return finish(address)
    target = database_file(address)
    with _replacing(target, source, SqliteSettings(journal="DELETE"), replace=replace) as new:
        return finish(new)


def _finish(
    address: URL,
    *,
    source: BackupFile,
    vault: DataKeyVault,
    keys: KeyStore,
    clock: Clock,
    random: Random,
) -> StoreRestored:
    """Make a database that was copied back fit to serve; may be repeated."""
    upgrade_data(address)
    with closing(SqlStore(address, keys=keys, clock=clock, random=random, restoring=True)) as store:
        now = clock.now()
        with store.transaction() as tx:
            mark(tx)
            sessions, grants = end_what_was_under_way(tx, now)
        erased_again = replay_erasures(store, vault, now)
        event = StoreRestored(
            backup=source.path.name,
            sessions_ended=sessions,
            grants_revoked=grants,
            erased_again=erased_again,
        )
        with store.transaction() as tx:
            tx.audit.append(event)
            unmark(tx)
    return event


def restore_vault(
    backup: Path,
    url: str | URL,
    *,
    now: Instant,
    known: Iterable[tuple[str, Instant]] | None = None,
    replace: bool = False,
) -> int:
    """Bring the vault back; no key of an erased resident comes with it.

    Who was erased since the backup is read from the vault that is replaced and from ``known``; when
    the vault is lost and no list is given, the restore is refused, for it would undo erasures.

    :param known: an erasure list kept elsewhere (:func:`~hkeid.adapters.backup.read_erasures`).
    :returns: how many entries the erasure list has.
    :raises hkeid.kernel.errors.Refused: ``backup_expired``, ``erasure_list_missing``,
        ``restore_target_exists``, ``store_in_use``, ``backup_kind_wrong``.
    """
    address = make_url(url)
    source = _source(backup, "vault", address)
    if source.expired(now):
        raise Refused("backup_expired", detail=source.path.name)
    erasures = _erasures_since(address, known)
    if source.engine == "pgdump":
        from hkeid.adapters.backup import postgresql

        postgresql.check_target(address, replace=replace)
        postgresql.load(address, source.path, postgresql.erasing(erasures))
        upgrade_vault(address)
    else:
        target = database_file(address)
        with _replacing(target, source, VAULT_SETTINGS, replace=replace) as new:
            upgrade_vault(new)
            with closing(SqlVault(new)) as vault:
                for resident_id, at in erasures.items():
                    vault.destroy(resident_id, at)
    with closing(SqlVault(address)) as vault:
        return sum(1 for _ in vault.erased())


@contextmanager
def _replacing(
    target: Path, source: BackupFile, settings: SqliteSettings, *, replace: bool
) -> Iterator[URL]:
    """Copy a backup to a file beside ``target``, and put it in its place when the block is done.

    It has another name until it is fit to serve: whatever happens before, the old file stands.
    """
    if target.exists() and not replace:
        raise Refused("restore_target_exists", detail=f"{target.name}; --replace replaces it")
    _check_free(target)
    restoring = target.with_name(f"{target.name}.restoring")
    sqlite_files.remove_logs(restoring)
    restoring.unlink(missing_ok=True)
    sqlite_files.copy(source.path, restoring, settings)
    yield URL.create("sqlite", database=str(restoring))
    sqlite_files.into_one_file(restoring)
    _check_free(target)
    sqlite_files.remove_logs(target)
    sqlite_files.put_in_place(restoring, target)


def _check_free(target: Path) -> None:
    """See that nobody has the file open. A damaged one is replaced as it is."""
    if target.exists():
        with suppress(Unavailable):
            sqlite_files.into_one_file(target)


def _erasures_since(
    address: URL, known: Iterable[tuple[str, Instant]] | None
) -> dict[str, Instant]:
    """Everybody of whom it is known that they were erased, with the earliest moment."""
    found = [*known] if known is not None else []
    try:
        if address.get_backend_name() == "sqlite" and not database_file(address).exists():
            raise ConfigurationError("schema_not_current", detail="there is no vault")
        with closing(SqlVault(address)) as vault:
            found += vault.erased()
    except HkeidError:
        if known is None:
            raise Refused(
                "erasure_list_missing",
                detail="the vault cannot be read; give the erasure list that was kept elsewhere",
            ) from None
    earliest: dict[str, Instant] = {}
    for resident_id, at in found:
        earliest[resident_id] = min(at, earliest.get(resident_id, at))
    return earliest


def _source(backup: Path, kind: Kind, address: URL) -> BackupFile:
    source = parse(backup)
    if source.kind != kind:
        raise Refused("backup_kind_wrong", detail=f"this is a backup of the {source.kind}")
    if (source.engine == "sqlite") != (address.get_backend_name() == "sqlite"):
        raise ConfigurationError("backup_engine_differs", detail=source.path.name)
    return source
