"""Every vault keeps the same contract (ports.DataKeyVault)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hkeid.adapters import sql
from hkeid.adapters.vault import MemoryVault, SqlVault, downgrade, upgrade
from hkeid.kernel.errors import ConfigurationError
from hkeid.testing.store_contract.crowd import Crowd

NOW = datetime(2026, 11, 2, 9, 30, 15, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class VaultContract:
    def test_a_key_is_kept_once(self, vault):
        assert vault.put("r", b"wrapped")
        assert not vault.put("r", b"another")
        assert vault.get("r") == b"wrapped"
        assert vault.get("s") is None
        assert vault.get("\x00") is None

    def test_a_destroyed_key_is_gone_and_never_comes_back(self, vault):
        vault.put("r", b"wrapped")
        vault.put("s", b"other")
        vault.destroy("r", NOW)
        assert vault.get("r") is None
        assert not vault.put("r", b"again")
        assert vault.get("r") is None
        assert vault.get("s") == b"other"

    def test_the_erasure_list_is_oldest_first_and_remembers_the_first_moment(self, vault):
        vault.put("b", b"wrapped")
        vault.destroy("b", NOW + SECOND)
        vault.destroy("never-had-a-key", NOW + 2 * SECOND)
        vault.destroy("a", NOW)
        vault.destroy("b", NOW + 3 * SECOND)
        assert list(vault.erased()) == [
            ("a", NOW),
            ("b", NOW + SECOND),
            ("never-had-a-key", NOW + 2 * SECOND),
        ]

    def test_a_key_put_during_an_erasure_does_not_survive_it(self, vault):
        with Crowd(8) as crowd:
            for number in range(10):
                resident_id = f"r{number}"

                def race(thread, resident_id=resident_id):
                    if thread == 0:
                        vault.destroy(resident_id, NOW)
                    else:
                        vault.put(resident_id, b"wrapped")

                crowd.at_once(race)
                assert vault.get(resident_id) is None


class TestMemory(VaultContract):
    @pytest.fixture
    def vault(self):
        return MemoryVault()


class TestSql(VaultContract):
    @pytest.fixture
    def vault(self, database_url):
        upgrade(database_url)
        vault = SqlVault(database_url)
        yield vault
        vault.close()


def test_on_sqlite_no_byte_of_a_destroyed_key_stays(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/vault.sqlite"
    upgrade(url)
    vault = SqlVault(url)
    keys = [b"canary-%02d-" % number + b"k" * 60 for number in range(40)]
    for number, key in enumerate(keys):
        vault.put(f"resident-{number}", key)
    assert any(keys[7] in path.read_bytes() for path in tmp_path.iterdir())
    vault.destroy("resident-7", NOW)
    assert [path.name for path in tmp_path.iterdir() if keys[7][:10] in path.read_bytes()] == []
    assert vault.get("resident-8") == keys[8]
    vault.close()


def test_a_vault_without_its_schema_does_not_serve(database_url: str) -> None:
    vault = SqlVault(database_url)
    try:
        vault.get("r")
    except ConfigurationError as error:
        assert error.reason == "schema_not_current"
    else:
        raise AssertionError
    finally:
        vault.close()


def test_keys_are_not_kept_beside_the_data(database_url: str) -> None:
    sql.upgrade(database_url)
    with pytest.raises(ConfigurationError) as caught:
        upgrade(database_url)
    assert caught.value.reason == "vault_not_apart"


def test_up_and_down(database_url: str) -> None:
    upgrade(database_url)
    upgrade(database_url)
    downgrade(database_url, "base")
    upgrade(database_url)
    vault = SqlVault(database_url)
    assert vault.put("r", b"wrapped")
    vault.close()
