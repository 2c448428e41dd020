"""Every store keeps the same contract."""

from __future__ import annotations

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.sql import SqlStore, upgrade
from hkeid.testing.store_contract import StoreContract


@pytest.fixture(scope="module")
def memory_store(parts):
    return MemoryStore(**parts)


@pytest.fixture(scope="module")
def sqlite_stores(parts, tmp_path_factory):
    """Two stores on one file, as two processes have it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/hkeid.sqlite"
    upgrade(url)
    stores = [SqlStore(url, **parts), SqlStore(url, **parts)]
    yield stores
    for store in stores:
        store.close()


@pytest.fixture(scope="module")
def postgresql_stores(parts, postgresql_database):
    """Four stores on one database, as a service of four processes has it."""
    with postgresql_database() as url:
        upgrade(url)
        stores = [SqlStore(url, pool_size=8, **parts) for _ in range(4)]
        yield stores
        for store in stores:
            store.close()


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self, memory_store):
        return memory_store


class TestSqlite(StoreContract):
    @pytest.fixture
    def store(self, sqlite_stores):
        self.all_stores = sqlite_stores
        return sqlite_stores[0]

    def stores(self, store):
        return self.all_stores


@pytest.mark.postgresql
class TestPostgresql(StoreContract):
    @pytest.fixture
    def store(self, postgresql_stores):
        self.all_stores = postgresql_stores
        return postgresql_stores[0]

    def stores(self, store):
        return self.all_stores
