"""The vault's contract, on every vault."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hkeid.adapters.vault import MemoryVault, SqlVault, upgrade

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryVault()
        return
    url = f"sqlite:///{tmp_path / 'vault.sqlite'}"
    upgrade(url)
    vault = SqlVault(url)
    yield vault
    vault.close()


def test_one_key_per_resident(vault: Any) -> None:
    assert vault.get("r1") is None
    assert vault.put("r1", b"wrapped-1")
    assert not vault.put("r1", b"wrapped-2")
    assert vault.get("r1") == b"wrapped-1"


def test_erasure_is_for_good_and_listed_in_order(vault: Any) -> None:
    assert vault.put("r1", b"wrapped-1")
    vault.destroy("r2", NOW + timedelta(seconds=1))
    vault.destroy("r1", NOW)
    vault.destroy("r1", NOW + timedelta(days=1))
    assert vault.get("r1") is None
    assert not vault.put("r1", b"again")
    assert not vault.put("r2", b"again")
    assert list(vault.erased()) == [("r1", NOW), ("r2", NOW + timedelta(seconds=1))]


def test_put_and_destroy_at_once_never_leave_a_key_of_an_erased_resident(vault: Any) -> None:
    for number in range(20):
        name = f"r{number}"
        barrier = threading.Barrier(2)

        def destroy(name: str = name, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            vault.destroy(name, NOW)

        thread = threading.Thread(target=destroy)
        thread.start()
        barrier.wait()
        vault.put(name, b"wrapped")
        thread.join()
        assert vault.get(name) is None


def test_a_destroyed_key_leaves_no_trace_in_the_files(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'vault.sqlite'}"
    upgrade(url)
    vault = SqlVault(url)
    trace = b"wrapped-canary-" * 20
    assert vault.put("r1", trace)
    assert vault.put("r2", b"other")
    vault.destroy("r1", NOW)
    for file in tmp_path.iterdir():
        assert b"wrapped-canary" not in file.read_bytes(), file.name
    vault.close()
    with sqlite3.connect(tmp_path / "vault.sqlite") as driver:
        assert driver.execute("SELECT count(wrapped) FROM data_keys").fetchone() == (1,)
    driver.close()
