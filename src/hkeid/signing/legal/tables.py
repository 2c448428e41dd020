"""Strict reading of TOML tables: every member expected, typed and used, or an error that names it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, TypeVar

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.instants import Instant

_HONG_KONG = timezone(timedelta(hours=8), "HKT")
_T = TypeVar("_T")


class Table:
    """The members of one table, taken one by one.

    :param where: its place in the file, for messages.
    :param reason: the reason of every error.
    """

    def __init__(self, members: Any, where: str, reason: str) -> None:
        self._where = where
        self._reason = reason
        if not isinstance(members, Mapping):
            raise self.malformed("is no table")
        self._left = dict(members)

    def malformed(self, what: str) -> ConfigurationError:
        """An error about this table."""
        return ConfigurationError(self._reason, detail=f"{self._where}: {what}")

    def text(self, name: str) -> str:
        """A text that is not empty."""
        return self._text(name, self._take(name))

    def optional_text(self, name: str) -> str | None:
        """The same, or ``None`` where there is none."""
        value = self._left.pop(name, None)
        return None if value is None else self._text(name, value)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; absent counts as empty."""
        values = self._left.pop(name, [])
        if not isinstance(values, list):
            raise self.malformed(f"{name} is no list")
        return tuple(self._text(name, value) for value in values)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """True or false."""
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            raise self.malformed(f"{name} is neither true nor false")
        return value

    def optional_number(self, name: str) -> int | None:
        """A whole number, zero or more."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        if type(value) is not int or value < 0:
            raise self.malformed(f"{name} is no whole number")
        return value

    def number(self, name: str) -> int:
        """The same, required."""
        value = self.optional_number(name)
        if value is None:
            raise self.malformed(f"{name} is missing")
        return value

    def moment(self, name: str) -> Instant:
        """A date (midnight in Hong Kong) or a time with its offset."""
        value = self.optional_moment(name)
        if value is None:
            raise self.malformed(f"{name} is missing")
        return value

    def optional_moment(self, name: str) -> Instant | None:
        """The same, or ``None``."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise self.malformed(f"{name} has no offset")
            return value
        if isinstance(value, date):
            return datetime.combine(value, time(), _HONG_KONG)
        raise self.malformed(f"{name} is no date")

    def day(self, name: str) -> str:
        """A date, as ISO text."""
        value = self._take(name)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.malformed(f"{name} is no date")
        return value.isoformat()

    def table(self, name: str) -> Table:
        """A table in it."""
        return Table(self._take(name), f"{self._where}.{name}", self._reason)

    def tables(self, name: str, read: Callable[[Table], _T]) -> tuple[_T, ...]:
        """A list of tables, each through ``read`` and then through :meth:`end`."""
        values = self._left.pop(name, [])
        if not isinstance(values, list):
            raise self.malformed(f"{name} is no list")
        found = []
        for index, value in enumerate(values):
            one = Table(value, f"{self._where}.{name}[{index}]", self._reason)
            found.append(read(one))
            one.end()
        return tuple(found)

    def end(self) -> None:
        """No member may be left."""
        if self._left:
            raise self.malformed(f"unknown members {sorted(self._left)}")

    def _take(self, name: str) -> Any:
        if name not in self._left:
            raise self.malformed(f"{name} is missing")
        return self._left.pop(name)

    def _text(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise self.malformed(f"{name} is no text")
        return value


def read_tables(content: bytes, reason: str) -> Table:
    """The outermost table of a TOML file.

    :raises hkeid.kernel.errors.ConfigurationError: ``reason``.
    """
    try:
        members = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(reason, detail=f"{type(error).__name__}: {error}") from None
    return Table(members, "file", reason)
