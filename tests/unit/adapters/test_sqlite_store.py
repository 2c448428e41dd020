"""What is particular to SQLite."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest

from hkeid.adapters.sql import SqlStore
from hkeid.adapters.sql.failures import of_sqlite
from hkeid.adapters.sql.sqlite import SqliteSettings, connect
from hkeid.kernel.errors import (
    ConfigurationError,
    HkeidError,
    MalformedInput,
    Refused,
    Unavailable,
)
from hkeid.ports.storage import Won
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.store_contract.everything import (
    NOW,
    Happened,
    a_grant,
    a_resident,
    a_single_use,
    fresh_id,
)


def _reason(act) -> str:
    try:
        act()
    except HkeidError as error:
        return error.reason
    raise AssertionError


def test_only_the_owner_may_read_the_files(sqlite_store, tmp_path: Path) -> None:
    with sqlite_store.transaction() as tx:
        tx.residents.add(a_resident())
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_commits_are_durable_unless_asked_otherwise(tmp_path: Path) -> None:
    # PRAGMA synchronous: 2 is FULL, 1 NORMAL (https://www.sqlite.org/pragma.html).
    with closing(connect(tmp_path / "a", SqliteSettings())) as driver:
        assert driver.execute("PRAGMA synchronous").fetchone() == (2,)
        assert driver.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert driver.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert driver.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    with closing(connect(tmp_path / "b", SqliteSettings(synchronous="NORMAL"))) as driver:
        assert driver.execute("PRAGMA synchronous").fetchone() == (1,)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true"])
def test_a_store_in_memory_is_another_adapter(url, parts) -> None:
    assert _reason(lambda: SqlStore(url, **parts)) == "sqlite_needs_file"


@pytest.mark.parametrize("url", ["mysql://localhost/x", "postgresql://localhost/x"])
def test_an_engine_that_is_not_known_is_refused(url, parts) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SqlStore(url, **parts)
    assert caught.value.reason == "store_url_unknown"


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path, parts) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/none/hkeid.sqlite", **parts)
    assert _reason(lambda: store.transaction().__enter__()) == "store_unreachable"


def test_a_file_that_is_not_there_is_not_made_by_looking(tmp_path: Path, parts) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/hkeid.sqlite", **parts)
    assert _reason(lambda: store.transaction().__enter__()) == "schema_not_current"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path, parts) -> None:
    (tmp_path / "hkeid.sqlite").write_bytes(b"This is a letter.\n" * 100)
    with closing(SqlStore(f"sqlite:///{tmp_path}/hkeid.sqlite", **parts)) as store:
        assert _reason(lambda: store.transaction().__enter__()) == "store_damaged"


def test_a_writer_in_another_process_is_waited_for_and_then_reported(sqlite_url, parts) -> None:
    one, other = (SqlStore(sqlite_url, patience=0.1, **parts) for _ in range(2))
    with closing(one), closing(other):
        with one.transaction():
            assert _reason(lambda: other.transaction().__enter__()) == "store_busy"
        with other.transaction() as tx:
            assert tx.residents.add(a_resident())


def test_a_reading_transaction_sees_one_state_and_holds_nobody_up(sqlite_store) -> None:
    resident = a_resident()

    def write() -> None:
        with SqlStoreView(sqlite_store).transaction() as tx:
            tx.residents.add(resident)

    with sqlite_store.reading() as tx:
        assert tx.residents.get(resident.id) is None
        write()
        assert tx.residents.get(resident.id) is None
    with sqlite_store.reading() as tx:
        assert tx.residents.get(resident.id) == resident


class SqlStoreView:
    """Another thread of the same store."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def transaction(self):
        self._store._here.inside = False
        return self._store.transaction()


def test_a_reading_transaction_refuses_to_write(sqlite_store) -> None:
    def append() -> None:
        with sqlite_store.reading() as tx:
            tx.audit.append(Happened(thing="x"))

    def add() -> None:
        with sqlite_store.reading() as tx:
            tx.residents.add(a_resident())

    assert _reason(append) == "store_read_only"
    assert _reason(add) == "store_read_only"
    with sqlite_store.transaction() as tx:
        tx.audit.append(Happened(thing="x"))
        assert [head.sequence for head in tx.audit_records.heads()] == [1]


def test_the_words_of_the_driver_do_not_leave(sqlite_store) -> None:
    grant = a_grant()
    with sqlite_store.transaction() as tx:
        tx.grants.add(grant)
    with pytest.raises(Refused) as caught, sqlite_store.transaction() as tx:
        tx.grants.add(grant)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert grant.id not in str(caught.value)


def test_text_that_cannot_be_stored_is_refused_and_the_transaction_goes_on(sqlite_store) -> None:
    with sqlite_store.transaction() as tx:
        with pytest.raises(MalformedInput) as caught:
            tx.sealed_fields.put("\ud800", "f", b"x", NOW)
        assert caught.value.reason == "text_not_storable"
        tx.sealed_fields.put("r", "f", b"x", NOW)
    with sqlite_store.transaction() as tx:
        assert tx.sealed_fields.get("r", "f") == b"x"


def test_a_commit_whose_outcome_is_unknown_costs_the_writer(sqlite_store, monkeypatch) -> None:
    with sqlite_store.transaction() as tx:
        tx.audit.append(Happened(thing="1"))
    database = sqlite_store._database
    original = database.commit

    def commit_and_lose_the_answer(connection) -> None:
        original(connection)
        raise Unavailable("store_unreachable")

    monkeypatch.setattr(database, "commit", commit_and_lose_the_answer)

    def append() -> None:
        with sqlite_store.transaction() as tx:
            tx.audit.append(Happened(thing="2"))

    assert _reason(append) == "store_unreachable"
    monkeypatch.setattr(database, "commit", original)
    with sqlite_store.transaction() as tx:
        tx.audit.append(Happened(thing="3"))
        assert sorted(head.sequence for head in tx.audit_records.heads()) == [1, 2]


def test_a_store_that_crossed_a_fork_does_not_serve(sqlite_store) -> None:
    with sqlite_store.transaction():
        pass
    sqlite_store._process = os.getpid() + 1
    assert _reason(lambda: sqlite_store.transaction().__enter__()) == "store_crossed_fork"


def _redeem(url: str, digests: list[bytes], start, results) -> None:
    from hkeid.adapters.system import SystemClock, SystemRandom

    keys = MemoryKeyStore(algorithms=("ES256",))
    store = SqlStore(url, keys=keys, clock=SystemClock(), random=SystemRandom())
    start.wait(30)
    won = []
    for digest in digests:
        with store.transaction() as tx:
            won.append(isinstance(tx.single_use.use_up("authorization_code", digest, NOW), Won))
    store.close()
    results.put(won)


def test_processes_race_for_one_file(sqlite_url, sqlite_store) -> None:
    codes = [a_single_use() for _ in range(30)]
    with sqlite_store.transaction() as tx:
        for code in codes:
            tx.single_use.put(code)
    context = get_context("spawn")
    start, results = context.Barrier(4), context.Queue()
    digests = [code.digest for code in codes]
    processes = [
        context.Process(target=_redeem, args=(sqlite_url, digests, start, results))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    answers = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(30)
    assert [sum(wins) for wins in zip(*answers, strict=True)] == [1] * 30


def test_errors_of_the_driver_have_a_meaning() -> None:
    def error(code: int, name: str) -> sqlite3.Error:
        made = sqlite3.OperationalError("canary")
        made.sqlite_errorcode, made.sqlite_errorname = code, name
        return made

    expected = {
        (sqlite3.SQLITE_FULL, "SQLITE_FULL"): "store_full",
        (sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC"): "store_unreachable",
        (sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT"): "store_damaged",
        (sqlite3.SQLITE_CONSTRAINT_NOTNULL, "SQLITE_CONSTRAINT_NOTNULL"): "record_not_storable",
        (sqlite3.SQLITE_TOOBIG, "SQLITE_TOOBIG"): "value_not_storable",
    }
    for (code, name), reason in expected.items():
        found = of_sqlite(error(code, name))
        assert found is not None
        assert found.reason == reason
        assert "canary" not in str(found)
    assert of_sqlite(error(sqlite3.SQLITE_MISUSE, "SQLITE_MISUSE")) is None


def test_long_lists_are_fetched_a_page_at_a_time(sqlite_store, monkeypatch) -> None:
    with sqlite_store.transaction() as tx:
        for _ in range(2100):
            tx.audit.append(Happened(thing=fresh_id()))
    with sqlite_store.transaction() as tx:
        (head,) = tx.audit_records.heads()
        records = list(tx.audit_records.of_writer(head.writer))
        assert [record.sequence for record in records] == list(range(1, 2101))
        assert records[-1].digest() == head.digest
