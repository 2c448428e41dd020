"""The station's browser: open while the program works, and opened anew before its seat ends."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.instants import Instant
from hkeid.ports import Clock
from hkeid_server.station_agent.agent import StationAgent

EARLY = timedelta(hours=2)
"""So long before its seat ends a window is opened anew, as soon as nobody is at the station …"""
LATEST = timedelta(minutes=5)
"""… and so long before it ends in any case."""

_SHORT_LIFE = timedelta(seconds=30)
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=5)


class Window(Protocol):
    """A browser that was opened."""

    @property
    def open(self) -> bool:
        """Whether it is still there."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class StationWindow:
    """Keeps one window open.

    :param launch: opens a browser at an address.
    """

    def __init__(self, agent: StationAgent, clock: Clock, launch: Callable[[str], Window]) -> None:
        self._agent = agent
        self._clock = clock
        self._launch = launch
        self._window: Window | None = None
        self._opened: Instant | None = None
        self._seat_ends: Instant | None = None
        self._not_before: Instant | None = None
        self._pause = _FIRST_PAUSE

    def keep(self) -> bool:
        """Open a window where there is none, or where its seat ends soon; whether one was opened.

        A browser that ends again at once is opened more and more rarely.

        :raises hkeid.kernel.errors.HkeidError: no ticket was given; the window that is open stays.
        """
        now = self._clock.now()
        if self._window is not None and self._window.open:
            if not self._seat_is_ending(now):
                return False
        elif not self._may_open(now):
            return False
        ticket = self._agent.ticket()
        self.close()
        self._window = self._launch(ticket.url)
        self._opened, self._not_before = now, None
        self._seat_ends = now + ticket.seat_lifetime
        return True

    def close(self) -> None:
        """End the window, if there is one."""
        if self._window is not None:
            self._window.close()
        self._window = None

    def _seat_is_ending(self, now: Instant) -> bool:
        assert self._seat_ends is not None
        left = self._seat_ends - now
        if left > EARLY:
            return False
        return left <= LATEST or not self._agent.hello()["busy"]

    def _may_open(self, now: Instant) -> bool:
        if self._opened is None:
            return True
        if self._not_before is None:
            lived = now - self._opened >= _SHORT_LIFE
            self._pause = _FIRST_PAUSE if lived else min(self._pause * 2, _LONGEST_PAUSE)
            self._not_before = now if lived else now + self._pause
        return now >= self._not_before


class _Browser:
    """A process of ours."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def open(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it; what does not end is ended by force."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)


def open_browser(program: str, folder: Path, address: str) -> Window:
    """Open a Chromium full screen, without a memory, apart from others that run on the machine.

    :param folder: the station's; the browser's own files go below it.
    :raises ConfigurationError: ``browser_not_started``.
    """
    command = [
        program, "--kiosk", "--incognito", "--no-first-run",
        # Of its own: else a browser that runs already would take the address, and ours end at once.
        f"--user-data-dir={folder.resolve() / 'browser'}", address,
    ]  # fmt: skip
    try:
        return _Browser(subprocess.Popen(command))  # noqa: S603 - the operator names the program
    except OSError as error:
        raise ConfigurationError(
            "browser_not_started", detail=f"{program}: {error.strerror}"
        ) from None
