"""What is particular to PostgreSQL: timeouts, the pool, lost connections, isolation."""

from __future__ import annotations

import time
from contextlib import closing
from threading import Barrier, Event, Thread

import psycopg
import pytest
from sqlalchemy.engine import make_url

from hkeid.adapters.sql import SqlStore, upgrade
from hkeid.adapters.sql.failures import of_postgresql
from hkeid.kernel.errors import HkeidError, MalformedInput, Unavailable
from hkeid.testing.store_contract.everything import (
    NOW,
    Happened,
    a_resident,
    a_session,
    a_single_use,
    fresh_id,
)
from hkeid.testing.store_contract.transactions import audit_faults

pytestmark = pytest.mark.postgresql


@pytest.fixture(scope="module")
def url(postgresql_database):
    with postgresql_database() as url:
        upgrade(url)
        yield url


@pytest.fixture
def store(url, parts):
    with closing(SqlStore(url, **parts)) as store:
        yield store


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _reason(act) -> str:
    try:
        act()
    except HkeidError as error:
        return error.reason
    raise AssertionError


def _kill_the_connections(url: str) -> None:
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'hkeid'"
        )


def test_whoever_waits_for_a_lock_too_long_is_told_that_the_store_is_busy(url, parts) -> None:
    record = a_single_use()
    with closing(SqlStore(url, lock_timeout=0.2, **parts)) as store:
        with store.transaction() as tx:
            tx.single_use.put(record)
        reasons: list[str] = []

        def lose() -> None:
            def use_up() -> None:
                with store.transaction() as tx:
                    tx.single_use.use_up(record.kind, record.digest, NOW)

            reasons.append(_reason(use_up))

        with store.transaction() as tx:
            tx.single_use.use_up(record.kind, record.digest, NOW)
            loser = Thread(target=lose)
            loser.start()
            loser.join()
        assert reasons == ["store_busy"]


def test_a_statement_that_takes_too_long_is_cut_off(url, parts) -> None:
    with closing(SqlStore(url, statement_timeout=0.1, **parts)) as store:

        def sleep() -> None:
            with store.transaction() as tx:
                try:
                    tx._connection._cursor.execute("SELECT pg_sleep(5)")
                except psycopg.Error as error:
                    tx._connection._fail(error)

        assert _reason(sleep) == "store_timeout"
        with store.transaction() as tx:
            assert tx.residents.get(fresh_id()) is None


def test_a_forgotten_transaction_is_ended_by_the_server(url, parts) -> None:
    with closing(SqlStore(url, statement_timeout=0.1, **parts)) as store:

        def forget() -> None:
            with store.transaction() as tx:
                tx.residents.get(fresh_id())
                time.sleep(0.5)
                tx.residents.get(fresh_id())

        assert _reason(forget) in {"store_timeout", "store_unreachable"}
        with store.transaction() as tx:
            assert tx.residents.get(fresh_id()) is None


def test_more_threads_than_connections_take_turns(url, parts) -> None:
    done: list[int] = []
    with closing(SqlStore(url, pool_size=2, patience=20, **parts)) as store:
        start = Barrier(32)

        def work(number: int) -> None:
            start.wait(20)
            for _ in range(5):
                with store.transaction() as tx:
                    tx.audit.append(Happened(thing=str(number)))
            done.append(number)

        threads = [Thread(target=work, args=(number,)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with store.transaction() as tx:
            assert list(audit_faults(tx)) == []
    assert sorted(done) == list(range(32))


def test_whoever_finds_no_connection_is_told_that_the_store_is_busy(url, parts) -> None:
    with closing(SqlStore(url, pool_size=1, patience=0.2, **parts)) as store:
        held, release = Event(), Event()

        def hold() -> None:
            with store.transaction() as tx:
                tx.residents.get(fresh_id())
                held.set()
                release.wait(20)

        holder = Thread(target=hold)
        holder.start()
        held.wait(20)
        assert _reason(lambda: store.transaction().__enter__()) == "store_busy"
        release.set()
        holder.join()
        with store.transaction() as tx:
            assert tx.residents.get(fresh_id()) is None


def test_a_server_that_went_away_costs_one_transaction_and_no_more(url, parts) -> None:
    resident = a_resident()
    with closing(SqlStore(url, pool_size=4, **parts)) as store:
        _fill_the_pool(store)

        def lose() -> None:
            with store.transaction() as tx:
                tx.residents.add(resident)
                _kill_the_connections(url)
                tx.residents.get(resident.id)

        assert _reason(lose) == "store_unreachable"
        for _ in range(8):
            with store.transaction() as tx:
                assert tx.residents.get(resident.id) is None


def _fill_the_pool(store: SqlStore) -> None:
    start = Barrier(4)

    def lease() -> None:
        with store.transaction() as tx:
            tx.residents.get(fresh_id())
            start.wait(20)

    threads = [Thread(target=lease) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_commit_that_was_not_answered_costs_the_audit_writer(url, parts) -> None:
    with closing(SqlStore(url, **parts)) as store:
        with store.transaction() as tx:
            tx.audit.append(Happened(thing="1"))

        def lose() -> None:
            with store.transaction() as tx:
                tx.audit.append(Happened(thing="2"))
                tx.audit_records.write()
                _kill_the_connections(url)

        assert _reason(lose) == "store_unreachable"
        assert store._writers._idle == []
        with store.transaction() as tx:
            tx.audit.append(Happened(thing="3"))
        with store.transaction() as tx:
            assert list(audit_faults(tx)) == []


def test_a_server_that_is_not_there_is_unavailable(parts) -> None:
    with closing(SqlStore("postgresql+psycopg://hkeid@127.0.0.1:1/none", **parts)) as store:
        assert _reason(lambda: store.transaction().__enter__()) == "store_unreachable"


def test_the_isolation_is_read_committed_whatever_the_servers_default(
    postgresql_database, parts
) -> None:
    with postgresql_database() as url:
        upgrade(url)
        name = make_url(url).database
        with psycopg.connect(_plain(url), autocommit=True) as connection:
            connection.execute(
                f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'"
            )
        with closing(SqlStore(url, **parts)) as store:
            for _ in range(2):
                with store.transaction() as tx:
                    shown = tx._connection._cursor.execute("SHOW transaction_isolation")
                    assert shown.fetchone() == ("read committed",)
                with store.reading() as tx:
                    shown = tx._connection._cursor.execute("SHOW transaction_isolation")
                    assert shown.fetchone() == ("repeatable read",)


def test_a_reading_transaction_sees_one_state_and_refuses_to_write(store, url, parts) -> None:
    resident = a_resident()
    with closing(SqlStore(url, **parts)) as other, store.reading() as tx:
        assert tx.residents.get(resident.id) is None
        with other.transaction() as writing:
            writing.residents.add(resident)
        assert tx.residents.get(resident.id) is None

    def write() -> None:
        with store.reading() as tx:
            tx.residents.add(a_resident())

    assert _reason(write) == "store_read_only"
    with store.transaction() as tx:
        assert tx.residents.add(a_resident())


def test_text_with_nul_is_refused_when_it_is_written(store) -> None:
    def add() -> None:
        with store.transaction() as tx:
            tx.sessions.add(a_session("a\x00b"))

    with pytest.raises(MalformedInput) as caught:
        add()
    assert caught.value.reason == "value_not_storable"


def test_a_deadlock_is_an_answer_and_one_of_the_two_goes_on(store) -> None:
    sessions = [a_session(fresh_id()) for _ in range(2)]
    with store.transaction() as tx:
        for session in sessions:
            tx.sessions.add(session)
    start, outcomes = Barrier(2), []

    def end(order) -> None:
        try:
            with store.transaction() as tx:
                tx.sessions.end(order[0].id, NOW)
                start.wait(20)
                tx.sessions.end(order[1].id, NOW)
            outcomes.append("committed")
        except Unavailable as error:
            outcomes.append(error.reason)

    threads = [Thread(target=end, args=(order,)) for order in (sessions, sessions[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["committed", "store_deadlock"]


def test_the_words_of_the_server_do_not_leave() -> None:
    error = psycopg.errors.UniqueViolation("Key (id)=(canary) already exists.")
    found = of_postgresql(error)
    assert found is not None
    assert found.reason == "record_exists"
    assert "canary" not in str(found)
    assert of_postgresql(psycopg.errors.SyntaxError("canary")) is None
    assert of_postgresql(psycopg.errors.AdminShutdown("canary")).reason == "store_unreachable"
    assert of_postgresql(psycopg.errors.TooManyConnections("x")).reason == "store_full"
    assert of_postgresql(psycopg.errors.CheckViolation("x")).reason == "record_not_storable"
    assert of_postgresql(psycopg.errors.InvalidPassword("x")).reason == "store_access_denied"
