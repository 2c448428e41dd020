"""Requests that overtake each other, and who has to wait for whom: nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hkeid.kernel.secret import Secret
from hkeid.ports.surroundings import HttpAnswer
from hkeid.rp.surroundings import SystemRandom
from hkeid.testing.fake_hub import SettableClock
from hkeid.upstream import UpstreamRefused
from hkeid.upstream.iam_smart import IamSmartApi, IamSmartSettings

NO = b'{"txID":"1","code":"D20003","message":"parameter invalid"}'
SOON = 10.0
"""Seconds after which a test gives up."""


class Line:
    """iAM Smart, which takes nothing, behind a line on which answers are held until the test lets them go.

    :ivar timestamps: of the requests that came, in their order.
    """

    def __init__(self) -> None:
        self.timestamps: list[int] = []
        self._came = threading.Condition()
        self._held: dict[int, threading.Event] = {}

    def hold(self, number: int) -> threading.Event:
        """Hold the answer to a request, counted from 0, until the event is set."""
        return self._held.setdefault(number, threading.Event())

    def wait_for(self, count: int) -> None:
        """Wait until so many requests have come."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.timestamps) >= count, SOON)

    def send(self, method: str, url: str, **sent: Any) -> HttpAnswer:
        """See :class:`hkeid.ports.surroundings.HttpClient`."""
        timestamp = int(sent["headers"]["timestamp"])
        with self._came:
            number = len(self.timestamps)
            self.timestamps.append(timestamp)
            self._came.notify_all()
        if number in self._held:
            assert self._held[number].wait(SOON)
        return HttpAnswer(status=200, headers={}, body=NO)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def api(line: Line, clock: SettableClock) -> IamSmartApi:
    settings = IamSmartSettings(
        host="https://iam-smart.example", client_id="client", client_secret=Secret("secret")
    )
    kek: Any = None
    return IamSmartApi(settings, kek=kek, http=line, clock=clock, random=SystemRandom())


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def ask(api: IamSmartApi) -> str:
    """Any call; the reason of its refusal."""
    try:
        api.revoke_key()
    except UpstreamRefused as error:
        return error.reason
    return "done"


REFUSED = "iam_smart_parameter_invalid"


def test_what_nothing_can_have_overtaken_is_sent_once(
    api: IamSmartApi, line: Line, clock: SettableClock
) -> None:
    """D20003 is the answer to every parameter that does not fit, such as a code that was never given."""
    for _ in range(2):
        assert ask(api) == REFUSED
        clock.advance(5)
    assert len(line.timestamps) == 2


def test_what_is_sent_at_once_has_one_timestamp_and_overtakes_nothing(
    api: IamSmartApi, line: Line, clock: SettableClock, aside: ThreadPoolExecutor
) -> None:
    release = line.hold(0)
    first = aside.submit(ask, api)
    line.wait_for(1)
    clock.advance(0.2)
    assert ask(api) == REFUSED
    release.set()
    assert first.result(SOON) == REFUSED
    assert len(line.timestamps) == 2
    assert len(set(line.timestamps)) == 1


def test_what_was_overtaken_is_signed_anew_and_nobody_waits_for_it(
    api: IamSmartApi, line: Line, clock: SettableClock, aside: ThreadPoolExecutor
) -> None:
    """While the second attempt of one is under way, others come and go."""
    release, again = line.hold(0), line.hold(2)
    first = aside.submit(ask, api)
    line.wait_for(1)
    clock.advance(1)
    assert ask(api) == REFUSED  # overtakes the first
    release.set()
    line.wait_for(3)
    assert aside.submit(ask, api).result(SOON / 2) == REFUSED
    again.set()
    assert first.result(SOON) == REFUSED
    assert len(line.timestamps) == 4
    assert line.timestamps[2] == line.timestamps[1] == line.timestamps[0] + 1000


def test_what_is_overtaken_again_and_again_is_given_up(
    api: IamSmartApi, line: Line, clock: SettableClock, aside: ThreadPoolExecutor
) -> None:
    held = [line.hold(number) for number in (0, 2, 4)]
    first = aside.submit(ask, api)
    for number, release in enumerate(held):
        line.wait_for(2 * number + 1)
        clock.advance(1)
        ask(api)
        release.set()
    assert first.result(SOON) == REFUSED
    assert len(line.timestamps) == 6
