"""What stores are given in these tests."""

from __future__ import annotations

import pytest

from hkeid.adapters.sql import SqlStore, upgrade
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.testing.keys import MemoryKeyStore


@pytest.fixture(scope="session")
def parts():
    keys = MemoryKeyStore(algorithms=("ES256",))
    return {"keys": keys, "clock": SystemClock(), "random": SystemRandom()}


@pytest.fixture
def sqlite_url(tmp_path) -> str:
    url = f"sqlite:///{tmp_path}/hkeid.sqlite"
    upgrade(url)
    return url


@pytest.fixture
def sqlite_store(sqlite_url, parts):
    store = SqlStore(sqlite_url, **parts)
    yield store
    store.close()
