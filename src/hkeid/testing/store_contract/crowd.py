"""Many threads that do one thing at the same instant."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Crowd(Generic[T]):
    """``size`` threads that wait for each other before every round.

    :param patience: seconds after which a round that hangs is an error.
    """

    def __init__(self, size: int = 32, *, patience: float = 60.0) -> None:
        self.size = size
        self._patience = patience
        self._barrier = Barrier(size)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="crowd")

    def __enter__(self) -> Crowd[T]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._barrier.abort()
        self._threads.shutdown()

    def at_once(self, act: Callable[[int], T]) -> list[T]:
        """Call ``act`` with 0, 1, 2 … in all threads at one instant; the answers in that order.

        What one of them raises is raised here, after all have ended.
        """

        def turn(number: int) -> T:
            self._barrier.wait(self._patience)
            return act(number)

        rounds = [self._threads.submit(turn, number) for number in range(self.size)]
        return [one.result(self._patience) for one in rounds]
