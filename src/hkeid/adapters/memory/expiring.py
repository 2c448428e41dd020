"""What repositories in memory share whose records have an end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Generic, TypeVar

from hkeid.kernel.instants import Instant
from hkeid.ports.storage import record_name

K = TypeVar("K", str, bytes, tuple[str, str], tuple[str, bytes], tuple[str, str, str])


class MemoryExpiring(Generic[K]):
    """:class:`hkeid.ports.storage.Expiring` over whatever a repository keeps."""

    __slots__ = ()

    @abstractmethod
    def _ends(self) -> Iterator[tuple[Instant, K]]:
        """The end and the key of everything that has an end."""

    @abstractmethod
    def _forget(self, key: K) -> object:
        """Delete one."""

    def purge(self, before: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Delete at most ``limit`` whose time was over before ``before``, the oldest first."""
        over = sorted(
            ((at, _name(key), key) for at, key in self._ends() if at < before),
            key=lambda one: one[:2],
        )[:limit]
        for _, _, key in over:
            self._forget(key)
        return tuple(name for _, name, _ in over)

    def oldest(self) -> Instant | None:
        """The earliest end of what is kept."""
        return min((at for at, _ in self._ends()), default=None)


def _name(key: str | bytes | tuple[str | bytes, ...]) -> str:
    return record_name(*key) if isinstance(key, tuple) else record_name(key)
