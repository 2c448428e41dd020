"""How the memory store takes back what a failed transaction did."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final, NoReturn, TypeVar

from hkeid.kernel.errors import HkeidError, Refused

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_ABSENT: Final = object()


class _NoTransaction(list[Any]):
    """Stands in for the entries while no transaction is open, so that ``set`` needs no check."""

    def append(self, _entry: Any) -> NoReturn:
        raise RuntimeError("the memory store was written outside a transaction")


class _ReadOnly(list[Any]):
    """Stands in for the entries of a reading transaction."""

    def append(self, _entry: Any) -> NoReturn:
        raise Refused("store_read_only", detail="memory store")


_CLOSED: Final = _NoTransaction()
_READ_ONLY: Final = _ReadOnly()


class Journal:
    """Every change goes through here; ``undo`` plays them back from last to first.

    :ivar doomed: whether a change was refused, so that committing is out of the question: that is
        how databases are, and whoever swallows the error shall notice here too.
    """

    __slots__ = ("_entries", "doomed")

    def __init__(self) -> None:
        self._entries: list[Any] = _CLOSED
        self.doomed = False

    def open(self, *, read_only: bool) -> None:
        """A transaction begins."""
        self._entries = _READ_ONLY if read_only else []
        self.doomed = False

    def doom(self, error: HkeidError) -> HkeidError:
        """A change was refused with ``error``."""
        self.doomed = True
        return error

    def close(self) -> None:
        """The transaction has ended and its changes stay."""
        self._entries = _CLOSED

    def undo(self) -> None:
        """The transaction has ended and its changes go."""
        entries, self._entries = self._entries, _CLOSED
        for table, key, before in reversed(entries):
            if before is _ABSENT:
                table.pop(key, None)
            else:
                table[key] = before

    def set(self, table: dict[K, V], key: K, value: V) -> None:
        """Set or replace an entry of a table."""
        self._entries.append((table, key, table.get(key, _ABSENT)))
        table[key] = value

    def remove(self, table: dict[K, V], key: K) -> bool:
        """Remove an entry; False when there is none."""
        before = table.get(key, _ABSENT)
        if before is _ABSENT:
            return False
        self._entries.append((table, key, before))
        del table[key]
        return True

    def link(self, index: dict[K, dict[V, None]], key: K, member: V) -> None:
        """Enter ``member`` under ``key`` of an index."""
        members = index.get(key)
        if members is None:
            members = {}
            self.set(index, key, members)
        self.set(members, member, None)

    def unlink(self, index: dict[K, dict[V, None]], key: K, member: V) -> None:
        """Take ``member`` out from under ``key`` of an index."""
        members = index.get(key)
        if members is not None:
            self.remove(members, member)
            if not members:
                self.remove(index, key)
