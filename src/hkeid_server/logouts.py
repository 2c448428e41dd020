"""Tells relying parties of logouts, beside the requests that end the sessions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Condition, Thread
from typing import TypeVar

from hkeid.doors.logout.delivery import LogoutDelivery
from hkeid.kernel.errors import HkeidError
from hkeid_server.journal import Journal

T = TypeVar("T")

_WHERE = "op:logout:delivery"


class LogoutCourier:
    """Delivers logout notices in threads of its own, so many relying parties at a time and each of them in one
    thread: a relying party that hangs holds up nobody's logout, and no notice but its own.

    The threads come with the first nudge, after the server has forked, and go when nothing is left to do.

    :param threads: most relying parties that are told at a time.
    """

    def __init__(self, delivery: LogoutDelivery, journal: Journal, *, threads: int) -> None:
        self._delivery = delivery
        self._journal = journal
        self._most = threads
        self._changed = Condition()
        self._looks = 0  # wanted: 2 when one is under way and another was asked for meanwhile
        self._queue: deque[str] = deque()
        self._busy: set[str] = set()
        self._once_more: set[str] = set()
        self._workers = 0

    def nudge(self) -> None:
        """Look soon for what is to be told; returns at once."""
        with self._changed:
            self._looks = min(self._looks + 1, 2)
            if self._looks == 2:
                return
        _start(self._look, "hkeid-logouts-look")

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is under way; whether that came about in time."""
        with self._changed:
            return self._changed.wait_for(self._idle, timeout=seconds)

    def _idle(self) -> bool:
        return not (self._looks or self._busy)

    def _look(self) -> None:
        while True:
            for client_id in self._attempt(self._delivery.waiting) or ():
                self._enqueue(client_id)
            with self._changed:
                self._looks -= 1
                if not self._looks:
                    self._changed.notify_all()
                    return

    def _enqueue(self, client_id: str) -> None:
        with self._changed:
            if client_id in self._busy:
                self._once_more.add(client_id)
                return
            self._busy.add(client_id)
            self._queue.append(client_id)
            if self._workers >= self._most:
                return
            self._workers += 1
        _start(self._work, "hkeid-logouts")

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._queue:
                    self._workers -= 1
                    return
                client_id = self._queue.popleft()
            self._attempt(partial(self._delivery.deliver, client_id))
            with self._changed:
                if client_id in self._once_more:
                    self._once_more.discard(client_id)
                    self._queue.append(client_id)
                else:
                    self._busy.discard(client_id)
                    self._changed.notify_all()

    def _attempt(self, work: Callable[[], T]) -> T | None:
        """Do it; what fails is logged, and tried again with the next look."""
        try:
            return work()
        except HkeidError as error:
            self._journal.refusal(error, where=_WHERE)
        except Exception as error:  # noqa: BLE001 - the thread must go on
            self._journal.crash(error, where=_WHERE)
        return None


def _start(work: Callable[[], None], name: str) -> None:
    Thread(target=work, daemon=True, name=name).start()
