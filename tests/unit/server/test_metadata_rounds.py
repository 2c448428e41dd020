"""Refreshing metadata of SAML peers: when it is due, in a thread of its own, whatever a place answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid_server import metrics
from hkeid_server.journal import Journal
from hkeid_server.metadata_rounds import MetadataRounds


@dataclass
class Outcome:
    changed: bool
    failure: HkeidError | None
    due: datetime


class Place:
    """A source that answers as it is told; it is due again after an hour."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.read: list[datetime] = []
        self.go_on: threading.Event | None = None

    def refresh(self, now: datetime) -> Outcome:
        self.read.append(now)
        if self.go_on is not None:
            assert self.go_on.wait(10)
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, HkeidError):
            return Outcome(changed=False, failure=answer, due=now + timedelta(minutes=2))
        if isinstance(answer, Exception):
            raise answer
        return Outcome(changed=answer, failure=None, due=now + timedelta(hours=1))


@pytest.fixture
def rounds(clock: Any, log: Any) -> Iterator[MetadataRounds]:
    made = MetadataRounds(clock, Journal(clock, sink=log, level="debug"))
    yield made
    made.end()


def _until(fulfilled: Callable[[], bool]) -> None:
    ends = time.monotonic() + 5
    while not fulfilled():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.002)


def _threads() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name == "hkeid-saml-metadata"}


def _counted(outcome: str) -> float:
    found = [
        line for line in metrics.exposition().decode().splitlines()
        if line.startswith(f'hkeid_saml_metadata_refreshes_total{{outcome="{outcome}"}}')
    ]  # fmt: skip
    return float(found[0].rsplit(" ", 1)[1]) if found else 0.0


class TestRound:
    def test_reads_what_is_due_and_nothing_else(self, rounds: Any, clock: Any) -> None:
        new, read = Place(), Place()
        rounds.watch(new, "new")
        rounds.watch(read, "read", due=clock.now() + timedelta(minutes=30))
        assert rounds.round() == 1800
        assert (len(new.read), len(read.read)) == (1, 0)
        clock.wait(minutes=30)
        assert rounds.round() == 1800
        assert (len(new.read), len(read.read)) == (1, 1)
        clock.wait(minutes=30)
        rounds.round()
        assert (len(new.read), len(read.read)) == (2, 1)

    def test_tells_of_changes_alone(self, rounds: Any, clock: Any) -> None:
        place, told = Place(), []
        place.answers = [True, False, Unavailable("http_no_answer"), True]
        rounds.watch(place, "place")
        rounds.when_changed(place, lambda: told.append(clock.now()))
        for expected in (1, 1, 1, 2):
            rounds.round()
            assert len(told) == expected
            clock.wait(hours=1)

    def test_tells_again_who_could_not_take_it_in(self, rounds: Any, clock: Any, log: Any) -> None:
        """The store may be busy; what hangs on the metadata must not stay as it was until the next change."""
        place, told = Place(), []
        failures: list[Exception] = [Unavailable("store_busy"), RuntimeError("a bug")]

        def tell() -> None:
            if failures:
                raise failures.pop(0)
            told.append(True)

        rounds.watch(place, "place")
        rounds.when_changed(place, tell)
        for _ in range(3):
            assert rounds.round() <= 3600
            clock.wait(minutes=1)
        assert told == [True]
        assert len(place.read) == 3, "and is read with it"
        assert log.events("server:request:refused")[0]["reason"] == "store_busy"
        assert log.events("server:request:crashed")[0]["kind"] == "RuntimeError"

    def test_failures_are_logged_and_counted_and_harm_nobody_else(
        self, rounds: Any, clock: Any, log: Any
    ) -> None:
        silent, broken, sound = Place(), Place(), Place()
        silent.answers = [Unavailable("http_no_answer", detail="TimeoutError")]
        broken.answers = [RuntimeError("a bug")]
        before = [_counted(one) for one in ("http_no_answer", "crashed", "changed")]
        for name, one in (("silent", silent), ("broken", broken), ("sound", sound)):
            rounds.watch(one, name)
        assert rounds.round() == 60
        [event] = log.events("saml:metadata:not_read")
        assert (event["level"], event["place"]) == ("warning", "silent")
        assert (event["reason"], event["detail"]) == ("http_no_answer", "TimeoutError")
        [event] = log.events("server:request:crashed")
        assert event["where"] == "saml:metadata"
        [event] = log.events("saml:metadata:changed")
        assert event["place"] == "sound"
        after = [_counted(one) for one in ("http_no_answer", "crashed", "changed")]
        assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1]
        clock.wait(minutes=2)
        rounds.round()
        assert [len(one.read) for one in (silent, broken, sound)] == [2, 2, 1]


class TestThread:
    def test_nothing_is_read_and_no_thread_is_there_before_it_begins(self, rounds: Any) -> None:
        """Threads do not survive a fork."""
        place, before = Place(), _threads()
        rounds.watch(place, "place")
        assert _threads() <= before
        assert not place.read

    def test_the_first_round_is_waited_for(self, rounds: Any) -> None:
        before = _threads()
        place = Place()
        rounds.watch(place, "place")
        rounds.begin()
        assert len(place.read) == 1
        assert len(_threads() - before) == 1
        rounds.begin()
        assert len(_threads() - before) == 1

    def test_a_place_that_hangs_does_not_hold_up_the_start(self, rounds: Any, log: Any) -> None:
        place, told = Place(), []
        place.go_on = threading.Event()
        rounds.watch(place, "place")
        rounds.when_changed(place, lambda: told.append(True))
        began = time.monotonic()
        rounds.begin(patience=0.05)
        assert time.monotonic() - began < 2
        assert log.events("saml:metadata:awaited")
        assert not told
        place.go_on.set()
        _until(lambda: told == [True])

    def test_nobody_need_wait(self, rounds: Any, log: Any) -> None:
        place = Place()
        place.go_on = threading.Event()
        rounds.watch(place, "place")
        rounds.begin(patience=0)
        assert not log.events("saml:metadata:awaited")
        place.go_on.set()
        _until(lambda: len(place.read) == 1)

    def test_it_goes_on_after_a_failure(self, clock: Any, log: Any) -> None:
        place, told = Place(), []
        place.answers = [RuntimeError("a bug"), Unavailable("http_no_answer"), True]
        rounds = MetadataRounds(clock, Journal(clock, sink=log, level="debug"), looks_every=0.01)
        rounds.watch(place, "place")
        rounds.when_changed(place, lambda: told.append(True))
        rounds.begin()
        for read in (2, 3):
            clock.wait(minutes=2)
            _until(lambda read=read: len(place.read) == read)
        _until(lambda: told == [True])
        rounds.end()

    def test_it_ends(self, rounds: Any) -> None:
        before = _threads()
        rounds.watch(Place(), "place")
        rounds.begin()
        rounds.end()
        assert _threads() <= before

    def test_there_is_none_where_there_is_nothing_to_watch(self, rounds: Any) -> None:
        before = _threads()
        rounds.begin()
        assert _threads() <= before
