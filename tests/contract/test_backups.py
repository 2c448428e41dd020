"""Backups, and that an erased resident stays erased after coming back from an older one."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from hkeid.adapters import sql, vault
from hkeid.adapters.backup import (
    StoreRestored,
    back_up_data,
    back_up_vault,
    list_backups,
    prune_vault_backups,
    read_erasures,
    restore_data,
    restore_vault,
    write_erasures,
)
from hkeid.adapters.purging import DEFAULT_RETENTION, purge
from hkeid.adapters.sql import SqlStore
from hkeid.adapters.vault import SqlVault
from hkeid.identity.state import EidState
from hkeid.kernel.errors import ConfigurationError, MalformedInput, NotFound, Refused, Unavailable
from hkeid.ports.storage import Vanished
from hkeid.residents.records import CredentialStatus
from hkeid.residents.sealing import PersonalFields
from hkeid.testing.store_contract.everything import (
    NOW,
    SECOND,
    Happened,
    a_credential,
    a_decision,
    a_grant,
    a_resident,
    a_session,
    a_single_use,
    an_access_token,
)
from hkeid.testing.store_contract.transactions import audit_faults

DAY = timedelta(days=1)


class House:
    """A store and its vault, with two residents and a login under way."""

    def __init__(self, data_url, vault_url, parts, folder: Path) -> None:
        self.data_url, self.vault_url, self.parts = data_url, vault_url, parts
        self.data_backups, self.vault_backups = folder / "data", folder / "vault"
        sql.upgrade(data_url)
        vault.upgrade(vault_url)
        self.stays, self.goes = a_resident(), a_resident()
        self.session, self.grant = a_session(self.stays.id), a_grant(resident_id=self.stays.id)
        self.token = replace(a_single_use(kind="refresh"), expires_at=NOW + DAY)
        self.access_token = an_access_token(self.grant)
        with self.store() as store, self.vault() as keys:
            self._fill(store, keys)

    def store(self):
        return closing(SqlStore(self.data_url, **self.parts))

    def vault(self):
        return closing(SqlVault(self.vault_url))

    def fields(self, keys) -> PersonalFields:
        return PersonalFields(self.parts["keys"], keys, self.parts["random"])

    def _fill(self, store, keys) -> None:
        fields = self.fields(keys)
        for resident in (self.stays, self.goes):
            fields.create_key(resident.id)
            with store.transaction() as tx:
                tx.residents.add(replace(resident, state=EidState.ACTIVE))
                tx.credentials.add(a_credential(resident.id))
                tx.blind_index.put("hkic", resident.user_handle, resident.id)
                fields.put(tx, resident.id, {"name_english": "CHAN, Tai Man"}, NOW)
        with store.transaction() as tx:
            tx.sessions.add(self.session)
            tx.grants.add(self.grant)
            tx.access_tokens.add(self.access_token)
            tx.single_use.put(self.token)
            tx.audit.append(Happened(thing="backup"))

    def back_up(self, now=NOW):
        return (
            back_up_data(self.data_url, self.data_backups, now),
            back_up_vault(self.vault_url, self.vault_backups, now),
        )

    def erase(self) -> None:
        with self.store() as store, self.vault() as keys:
            self.fields(keys).erase(store, self.goes.id, NOW + SECOND)

    def restore_data(self, backup, **more) -> StoreRestored:
        with self.vault() as keys:
            return restore_data(backup.path, self.data_url, vault=keys, **self.parts, **more)

    def check_the_erased_one_is_gone(self) -> None:
        with self.store() as store, self.vault() as keys, store.transaction() as tx:
            assert keys.get(self.goes.id) is None
            assert self.goes.id in dict(keys.erased())
            assert tx.residents.get(self.goes.id).state is EidState.REVOKED
            assert tx.sealed_fields.all(self.goes.id) == {}
            assert tx.blind_index.find("hkic", self.goes.user_handle) is None
            (credential,) = tx.credentials.of_resident(self.goes.id)
            assert (credential.status, credential.label) == (CredentialStatus.REVOKED, b"")
            with pytest.raises(NotFound):
                self.fields(keys).seal(self.goes.id, "t", "c", "r", b"x")

    def check_the_other_one_is_there(self) -> None:
        with self.store() as store, self.vault() as keys, store.transaction() as tx:
            read = self.fields(keys).read(tx, self.stays.id, ["name_english"])
            assert read == {"name_english": "CHAN, Tai Man"}
            assert tx.residents.get(self.stays.id).state is EidState.ACTIVE
            assert list(audit_faults(tx)) == []


@pytest.fixture
def house(database_url, second_database_url, parts, tmp_path):
    return House(database_url, second_database_url, parts, tmp_path / "backups")


def test_an_erased_resident_stays_erased_after_restoring_older_data(house: House) -> None:
    data, _ = house.back_up()
    house.erase()
    restored = house.restore_data(data, replace=True)
    assert (restored.backup, restored.erased_again) == (data.path.name, 1)
    house.check_the_erased_one_is_gone()
    house.check_the_other_one_is_there()


def test_an_erased_resident_stays_erased_after_restoring_an_older_vault(house: House) -> None:
    data, keys = house.back_up()
    house.erase()
    assert restore_vault(keys.path, house.vault_url, now=NOW + DAY, replace=True) == 1
    house.restore_data(data, replace=True)
    house.check_the_erased_one_is_gone()
    house.check_the_other_one_is_there()


def test_when_the_vault_is_lost_the_list_kept_elsewhere_says_who_was_erased(
    house: House, tmp_path
) -> None:
    data, keys = house.back_up()
    house.erase()
    with house.vault() as before:
        assert write_erasures(before, tmp_path / "erasures") == 1
    vault.downgrade(house.vault_url, "base")
    with pytest.raises(Refused) as caught:
        restore_vault(keys.path, house.vault_url, now=NOW + DAY, replace=True)
    assert caught.value.reason == "erasure_list_missing"
    known = read_erasures(tmp_path / "erasures")
    assert known == ((house.goes.id, NOW + SECOND),)
    restore_vault(keys.path, house.vault_url, now=NOW + DAY, known=known, replace=True)
    house.restore_data(data, replace=True)
    house.check_the_erased_one_is_gone()
    house.check_the_other_one_is_there()


def test_a_backup_of_the_vault_has_a_horizon(house: House) -> None:
    _, keys = house.back_up()
    assert keys.until == NOW.replace(microsecond=0) + timedelta(days=7)
    with pytest.raises(Refused) as caught:
        restore_vault(keys.path, house.vault_url, now=NOW + timedelta(days=7), replace=True)
    assert caught.value.reason == "backup_expired"
    later = back_up_vault(house.vault_url, house.vault_backups, NOW + timedelta(days=8))
    assert [found.path for found in list_backups(house.vault_backups)] == [later.path]
    assert prune_vault_backups(house.vault_backups, NOW + timedelta(days=14)) == ()
    assert prune_vault_backups(house.vault_backups, NOW + timedelta(days=16)) == (later.path,)


def test_after_the_horizon_nothing_is_left_that_opens_what_was_erased(
    house: House, tmp_path
) -> None:
    """With a clock that moves: an old backup of the data lives on, the keys to it do not.

    What the horizon rests on is that copies of the vault's backups are deleted; one that somebody kept
    is refused, by the moment in its name.
    """
    with house.store() as store, store.transaction() as tx:
        sealed = tx.sealed_fields.get(house.goes.id, "name_english")
        neighbours = tx.sealed_fields.get(house.stays.id, "name_english")
    data, keys = house.back_up()
    house.erase()
    kept = tmp_path / "elsewhere" / keys.path.name
    kept.parent.mkdir()
    shutil.copyfile(keys.path, kept)
    erasures = tmp_path / "erasures"
    with house.vault() as before:
        write_erasures(before, erasures)
    later = NOW + timedelta(days=7)
    fresh = back_up_vault(house.vault_url, house.vault_backups, later)
    assert [one.path for one in list_backups(house.vault_backups)] == [fresh.path]
    vault.downgrade(house.vault_url, "base")
    known = read_erasures(erasures)
    with pytest.raises(Refused) as caught:
        restore_vault(kept, house.vault_url, now=later, known=known, replace=True)
    assert caught.value.reason == "backup_expired"
    restore_vault(fresh.path, house.vault_url, now=later, known=known, replace=True)
    house.restore_data(data, replace=True)
    house.check_the_erased_one_is_gone()
    house.check_the_other_one_is_there()
    with house.vault() as restored:
        fields = house.fields(restored)
        place = ("sealed_fields", "sealed")
        there = fields.unseal(house.stays.id, *place, f"{house.stays.id}.name_english", neighbours)
        assert there == b"CHAN, Tai Man"
        with pytest.raises(NotFound) as missing:
            fields.unseal(house.goes.id, *place, f"{house.goes.id}.name_english", sealed)
        assert missing.value.reason == "data_key_missing"


def test_proofs_about_the_erased_go_in_time_and_come_back_with_no_backup_for_good(
    house: House,
) -> None:
    """A restore brings proofs back that were purged; the next purge lets go of them again, seven years
    after the erasure was replayed at the latest.
    """
    with house.store() as store, store.transaction() as tx:
        tx.consents.append((a_decision(house.goes.id, "name"),))
    data, _ = house.back_up()
    house.erase()
    over = NOW + SECOND + DEFAULT_RETENTION.erased_records + SECOND
    with house.store() as store:
        assert purge(store, over).counts["erased_records"] == 2, "the consent and the passkey"
        with store.transaction() as tx:
            assert tx.consents.history(house.goes.id) == ()
    house.restore_data(data, replace=True)
    replayed = house.parts["clock"].now()
    with house.store() as store:
        with store.transaction() as tx:
            assert len(tx.consents.history(house.goes.id)) == 1
        assert purge(store, replayed).counts["erased_records"] == 0
        late = replayed + DEFAULT_RETENTION.erased_records + DAY
        assert purge(store, late).counts["erased_records"] == 2


def test_what_was_under_way_at_the_backup_ends_with_the_restore(house: House) -> None:
    data, _ = house.back_up()
    with house.store() as store, store.transaction() as tx:
        # Rotated, logged out and revoked after the backup, which does not know it.
        tx.single_use.use_up("refresh", house.token.digest, NOW)
        tx.sessions.end(house.session.id, NOW)
        tx.grants.revoke(house.grant.id, NOW)
    restored = house.restore_data(data, replace=True)
    assert (restored.sessions_ended, restored.grants_revoked) == (1, 1)
    with house.store() as store, store.transaction() as tx:
        outcome = tx.single_use.use_up("refresh", house.token.digest, NOW)
        assert isinstance(outcome, Vanished)
        assert tx.sessions.get(house.session.id).ended_at is not None
        assert tx.grants.get(house.grant.id).revoked_at is not None
        assert tx.access_tokens.get(house.access_token.digest) is None
        assert not tx.single_use.put(house.token)


def test_a_restore_is_in_the_audit_trail(house: House) -> None:
    data, _ = house.back_up()
    house.restore_data(data, replace=True)
    with house.store() as store, store.transaction() as tx:
        names = [
            record.name
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
        ]
    assert names.count(StoreRestored.NAME) == 1


def test_a_restore_replaces_nothing_unasked(house: House) -> None:
    data, keys = house.back_up()
    with pytest.raises(Refused) as caught:
        house.restore_data(data)
    assert caught.value.reason == "restore_target_exists"
    with pytest.raises(Refused) as caught:
        restore_vault(keys.path, house.vault_url, now=NOW)
    assert caught.value.reason == "restore_target_exists"


def test_a_restore_under_a_running_service_is_refused(house: House) -> None:
    data, _ = house.back_up()
    with house.store() as store:
        with store.transaction() as tx:
            tx.audit.append(Happened(thing="serving"))
        with pytest.raises(Refused) as caught:
            house.restore_data(data, replace=True)
        assert caught.value.reason == "store_in_use"
        with store.transaction() as tx:
            assert tx.residents.get(house.stays.id) is not None


def test_a_restore_that_was_interrupted_leaves_nothing_that_serves(house: House) -> None:
    data, _ = house.back_up()
    house.erase()

    class Lost:
        def erased(self):
            raise Unavailable("vault_lost")

    with pytest.raises(Unavailable):
        restore_data(data.path, house.data_url, vault=Lost(), replace=True, **house.parts)
    with house.store() as store:
        try:
            with store.transaction() as tx:
                # SQLite: the old file was not touched.
                assert tx.sealed_fields.all(house.goes.id) == {}
        except ConfigurationError as error:
            assert error.reason == "restore_not_finished"
    house.restore_data(data, replace=True)
    house.check_the_erased_one_is_gone()


def test_a_backup_is_of_one_moment_while_the_service_writes(house: House) -> None:
    with house.store() as store, store.transaction() as tx:
        resident = a_resident()
        tx.residents.add(resident)
        data = back_up_data(house.data_url, house.data_backups, NOW + SECOND)
    house.restore_data(data, replace=True)
    with house.store() as store, store.transaction() as tx:
        assert tx.residents.get(resident.id) is None
        assert tx.residents.get(house.stays.id) is not None


def test_backups_are_for_the_owner_and_never_written_over(house: House) -> None:
    for backup in house.back_up():
        assert backup.path.stat().st_mode & 0o077 == 0
        assert backup.path.parent.stat().st_mode & 0o077 == 0
        assert [path.name for path in backup.path.parent.iterdir()] == [backup.path.name]
    with pytest.raises(Refused) as caught:
        house.back_up()
    assert caught.value.reason == "backup_exists"


def test_backups_of_data_and_vault_are_kept_apart(house: House) -> None:
    house.back_up()
    with pytest.raises(Refused) as caught:
        back_up_vault(house.vault_url, house.data_backups, NOW)
    assert caught.value.reason == "backups_not_apart"


def test_a_backup_of_the_one_does_not_become_the_other(house: House) -> None:
    data, keys = house.back_up()
    with pytest.raises(Refused) as caught:
        restore_vault(data.path, house.vault_url, now=NOW, replace=True)
    assert caught.value.reason == "backup_kind_wrong"
    with pytest.raises(Refused) as caught:
        house.restore_data(keys, replace=True)
    assert caught.value.reason == "backup_kind_wrong"


def test_a_damaged_backup_is_not_restored(house: House) -> None:
    data, _ = house.back_up()
    whole = data.path.read_bytes()
    data.path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Unavailable) as caught:
        house.restore_data(data, replace=True)
    assert caught.value.reason in {"store_damaged", "restore_failed"}
    house.check_the_other_one_is_there()


def test_without_the_tools_of_postgresql_the_refusal_says_what_to_install(
    house: House, monkeypatch
) -> None:
    if make_url(house.data_url).get_backend_name() == "sqlite":
        return
    monkeypatch.setitem(os.environ, "PATH", "")
    with pytest.raises(ConfigurationError) as caught:
        house.back_up()
    assert caught.value.reason == "postgresql_tools_missing"
    assert list_backups(house.data_backups) == ()


@pytest.mark.parametrize(
    "name",
    [
        "hkeid-vault-20261102T093015Z.sqlite",
        "hkeid-data-20261102T093015Z-until-20261109T093015Z.sqlite",
        "hkeid-data-20261302T093015Z.sqlite",
        "hkeid-data-20261102T093015Z.sqlite.partial",
        "backup.sqlite",
    ],
)
def test_a_file_that_does_not_say_what_it_is_is_no_backup(house: House, name: str) -> None:
    house.data_backups.mkdir(parents=True)
    path = house.data_backups / name
    path.write_bytes(b"")
    assert list_backups(house.data_backups) == ()
    with pytest.raises(MalformedInput):
        restore_vault(path, house.vault_url, now=NOW)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\n",
        b"{}\n",
        b"[]\n",
        b'{"resident_id":1,"erased_at":1}\n',
        b'{"resident_id":"a","erased_at":"1"}\n',
        b'{"resident_id":"a","erased_at":true}\n',
        b'{"resident_id":"a","erased_at":99999999999999999999}\n',
    ],
)
def test_an_erasure_list_that_does_not_parse_is_refused(tmp_path, content: bytes) -> None:
    file = tmp_path / "erasures"
    file.write_bytes(content)
    with pytest.raises(MalformedInput):
        read_erasures(file)
