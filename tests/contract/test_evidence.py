"""The evidence vault in memory, on SQLite and on PostgreSQL; and what backups hold of it."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from hkeid.adapters import backup
from hkeid.adapters.evidence import MemoryEvidenceKeys, SealedEvidence, SqlEvidenceKeys
from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.sql import SqlStore, upgrade
from hkeid.adapters.system import SystemRandom
from hkeid.adapters.vault import SqlVault
from hkeid.adapters.vault.sql import upgrade as upgrade_vault
from hkeid.kernel.errors import Refused
from hkeid.testing.evidence_contract import EvidenceUnderTest, EvidenceVaultContract
from hkeid.testing.fake_hub import SettableClock
from hkeid.testing.store_contract.everything import fresh_bytes, fresh_id


class TestInMemory(EvidenceVaultContract):
    @pytest.fixture
    def vault(self, keys):
        clock, random = SettableClock(), SystemRandom()
        store = MemoryStore(keys, clock, random)

        def readable(canary: bytes) -> bool:
            with store.transaction() as tx:
                return any(
                    canary in (tx.evidence_items.get(session, name) or b"")
                    for session in tx.evidence_items.sessions()
                    for name in tx.evidence_items.names(session)
                )

        sealed = SealedEvidence(store, MemoryEvidenceKeys(), keys, clock, random)
        return EvidenceUnderTest(sealed, clock, readable)


@pytest.fixture
def databases(database_url, second_database_url):
    upgrade(database_url)
    upgrade_vault(second_database_url)
    return database_url, second_database_url


@pytest.fixture
def sql_vault(databases, keys, tmp_path):
    clock, random = SettableClock(), SystemRandom()
    data, vault = databases
    with (
        closing(SqlStore(data, keys=keys, clock=clock, random=random)) as store,
        closing(SqlEvidenceKeys(vault)) as evidence_keys,
    ):

        def readable(canary: bytes) -> bool:
            return any(canary in file.read_bytes() for file in tmp_path.iterdir() if file.is_file())

        sealed = SealedEvidence(store, evidence_keys, keys, clock, random)
        yield EvidenceUnderTest(sealed, clock, readable)


class TestInSql(EvidenceVaultContract):
    @pytest.fixture
    def vault(self, sql_vault):
        return sql_vault


def test_moved_and_altered_items_do_not_open(sql_vault) -> None:
    one, other = sql_vault.opened(), sql_vault.opened()
    sql_vault.vault.put(one, "card", b"1")
    store = sql_vault.vault._store
    with store.transaction() as tx:
        sealed = tx.evidence_items.get(one, "card")
        tx.evidence_items.put(other, "card", sealed)
        tx.evidence_items.put(one, "selfie", sealed)
        tx.evidence_items.put(one, "short", b"\x01x")
    for session, name in ((other, "card"), (one, "selfie"), (one, "short")):
        with pytest.raises(Refused, match="evidence_altered"):
            sql_vault.vault.get(session, name)


def test_a_sweep_takes_what_a_killed_process_left(sql_vault) -> None:
    """Ciphertext whose key is gone already."""
    session = sql_vault.opened()
    sql_vault.vault.put(session, "card", b"1")
    sql_vault.vault._evidence_keys.destroy(session, sql_vault.clock.now())
    sql_vault.vault.expire(sql_vault.clock.now())
    with sql_vault.vault._store.transaction() as tx:
        assert tx.evidence_items.sessions() == ()


def test_the_list_of_the_destroyed_is_forgotten_after_a_year(sql_vault) -> None:
    session = fresh_id()
    sql_vault.vault.destroy(session)
    sql_vault.clock.advance(timedelta(days=401))
    sql_vault.vault.expire(sql_vault.clock.now())
    assert sql_vault.vault._evidence_keys.get(session) is None


def test_no_backup_holds_a_key_and_none_comes_back(
    sql_vault, databases, keys, tmp_path: Path
) -> None:
    """Cap. 486 s.26: what was destroyed is destroyed in the backups too."""
    clock, random = sql_vault.clock, SystemRandom()
    data, vault = databases
    session = sql_vault.opened()
    sql_vault.vault.put(session, "card", fresh_bytes(40))
    wrapped = sql_vault.vault._evidence_keys.get(session).wrapped
    with closing(SqlVault(vault)) as residents:
        residents.put("resident", b"w" * 60)
    made = backup.back_up_vault(vault, tmp_path / "vault-backups", clock.now())
    assert wrapped not in made.path.read_bytes()
    sql_vault.vault.destroy(session)
    sql_vault.vault._evidence_keys.close()
    sql_vault.vault._store.close()
    backup.restore_vault(made.path, vault, now=clock.now(), replace=True)
    with closing(SqlVault(vault)) as residents:
        assert residents.get("resident") == b"w" * 60
    with (
        closing(SqlStore(data, keys=keys, clock=clock, random=random)) as store,
        closing(SqlEvidenceKeys(vault)) as evidence_keys,
    ):
        again = SealedEvidence(store, evidence_keys, keys, clock, random)
        assert again.get(session, "card") is None
        assert again.names(session) == ()
