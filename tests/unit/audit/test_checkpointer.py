"""Checkpoints over a store in use."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.audit import (
    Checkpointer,
    anchor,
    export_trail,
    read_checkpoint,
    verify_export,
    verify_store,
)
from hkeid.audit.reading import stored_checkpoints
from hkeid.kernel.errors import ConfigurationError, Refused
from hkeid.ports import KeyPurpose


class SteppingClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 3, tzinfo=UTC)

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def store(keys, clock) -> MemoryStore:
    return MemoryStore(keys, clock, SystemRandom())


def write(store, event, count: int = 1) -> None:
    for _ in range(count):
        with store.transaction() as tx:
            tx.audit.append(event)


def roll_back(store, event) -> None:
    with contextlib.suppress(ZeroDivisionError), store.transaction() as tx:
        tx.audit.append(event)
        tx.audit.append(event)
        raise ZeroDivisionError


def test_checkpoints_over_commits_and_rollbacks_verify(store, keys, clock, event) -> None:
    checkpointer = Checkpointer(store, keys, clock)
    for round_number in range(1, 4):
        write(store, event, 3)
        roll_back(store, event)
        write(store, event)
        made = checkpointer.make()
        assert made is not None
        assert made.number == round_number
    report = verify_store(store, keys, now=clock.now(), max_age=timedelta(hours=1))
    assert report.sound, report.findings
    assert (report.records, report.beyond, report.newest) == (12, 0, 3)


def test_a_checkpoint_is_made_when_nothing_moved(store, keys, clock, event) -> None:
    write(store, event)
    checkpointer = Checkpointer(store, keys, clock)
    first, second = checkpointer.make(), checkpointer.make()
    assert read_checkpoint(second.signed).moved == ()
    assert read_checkpoint(second.signed).previous == anchor(first.signed)
    assert read_checkpoint(second.signed).writers == 1
    assert verify_store(store, keys).sound


def test_the_first_checkpoint_of_an_empty_trail(store, keys, clock) -> None:
    assert read_checkpoint(Checkpointer(store, keys, clock).make().signed).writers == 0
    assert verify_store(store, keys).sound


def test_a_new_process_goes_on_where_the_last_one_stopped(store, keys, clock, event) -> None:
    for _ in range(3):
        write(store, event)
        Checkpointer(store, keys, clock).make()
    assert [stored.number for stored in stored_checkpoints(store)] == [1, 2, 3]
    assert verify_store(store, keys).sound


def test_two_checkpointers_take_turns(store, keys, clock, event) -> None:
    one, other = Checkpointer(store, keys, clock), Checkpointer(store, keys, clock)
    for checkpointer in (one, other, other, one):
        write(store, event)
        assert checkpointer.make() is not None
    assert verify_store(store, keys).newest == 4


def test_of_simultaneous_checkpointers_one_wins_each_number(store, keys, clock, event) -> None:
    made: list[int] = []
    errors: list[Exception] = []
    ready = threading.Barrier(8)

    def work() -> None:
        checkpointer = Checkpointer(store, keys, clock)
        ready.wait()
        try:
            for _ in range(5):
                write(store, event)
                stored = checkpointer.make()
                if stored is not None:
                    made.append(stored.number)
        except Exception as error:  # noqa: BLE001 - carried to the main thread
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted(made) == list(range(1, len(made) + 1))
    report = verify_store(store, keys)
    assert report.sound, report.findings
    assert report.records == 40


def test_losing_says_so(store, keys, clock, event, monkeypatch) -> None:
    write(store, event)
    checkpointer = Checkpointer(store, keys, clock)
    sign = keys.sign

    def slow(purpose, kid, message):
        monkeypatch.setattr(keys, "sign", sign)
        assert Checkpointer(store, keys, clock).make().number == 1
        return sign(purpose, kid, message)

    monkeypatch.setattr(keys, "sign", slow)
    assert checkpointer.make() is None
    assert checkpointer.make().number == 2
    assert verify_store(store, keys).sound


class TestWhatIsNeverSignedOver:
    @pytest.fixture
    def chains(self, store, keys, clock, event):
        write(store, event, 3)
        Checkpointer(store, keys, clock).make()
        return store._transaction.audit_records

    def reason(self, checkpointer) -> str:
        with pytest.raises(Refused) as caught:
            checkpointer.make()
        return caught.value.reason

    def test_a_cut_off_tail(self, store, keys, clock, chains) -> None:
        (chain,) = chains._records.values()
        del chain[3]
        assert self.reason(Checkpointer(store, keys, clock)) == "audit_head_regressed"

    def test_a_missing_writer(self, store, keys, clock, chains) -> None:
        chains._records.clear()
        assert self.reason(Checkpointer(store, keys, clock)) == "audit_writer_missing"

    def test_a_missing_checkpoint(self, store, keys, clock, chains) -> None:
        checkpointer = Checkpointer(store, keys, clock)
        checkpointer.make()
        del chains._checkpoints[1]
        assert self.reason(Checkpointer(store, keys, clock)) == "audit_checkpoint_missing"
        chains._checkpoints.clear()
        assert self.reason(checkpointer) == "audit_checkpoint_missing"

    def test_a_forged_checkpoint(self, store, keys, clock, chains) -> None:
        from dataclasses import replace

        checkpointer = Checkpointer(store, keys, clock)
        checkpointer.make()
        kept = chains._checkpoints[2]
        forged = kept.signed[:-4] + (b"AAAA" if kept.signed[-4:] != b"AAAA" else b"BAAA")
        chains._checkpoints[2] = replace(kept, signed=forged)
        assert self.reason(checkpointer) == "checkpoint_forged"
        assert self.reason(Checkpointer(store, keys, clock)) == "checkpoint_forged"


def test_without_a_key_the_operator_is_told(store, keys, clock) -> None:
    class Keyless:
        def signing_keys(self, purpose: KeyPurpose):
            return ()

    with pytest.raises(ConfigurationError) as caught:
        Checkpointer(store, Keyless(), clock).make()
    assert caught.value.reason == "audit_checkpoint_key_missing"


def test_reading_in_batches_loses_nothing(store, keys, clock, event, monkeypatch) -> None:
    monkeypatch.setattr("hkeid.audit.reading._AT_ONCE", 4)
    write(store, event, 9)
    checkpointer = Checkpointer(store, keys, clock)
    for _ in range(9):
        checkpointer.make()
    report = verify_store(store, keys)
    assert report.sound
    assert (report.records, report.checkpoints) == (9, 9)


def test_the_store_may_be_used_between_two_lines_of_an_export(store, keys, clock, event) -> None:
    write(store, event, 2)
    lines = []
    for text in export_trail(store, made_at=clock.now()):
        lines.append(text)
        write(store, event)
    public = [key.public_jwk for key in keys.signing_keys(KeyPurpose.AUDIT_CHECKPOINT)]
    mac = lambda digest: keys.mac(KeyPurpose.AUDIT_RECORD, digest)  # noqa: E731
    assert verify_export(lines, keys=public, mac=mac).sound
