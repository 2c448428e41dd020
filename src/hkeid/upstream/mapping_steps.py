"""What a rule may do to one value: cut it out, read it as a date, look it up. All in linear time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Final

from hkeid.identity.birth_date import BirthDate
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import from_epoch_seconds

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_HONG_KONG = timezone(timedelta(hours=8))
_LONGEST_NUMBER = 12


class Dropping(Exception):
    """A value that does not make a claim; ``why`` is one of the words of :class:`Dropped`."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """In this order: what stands after ``after`` and before ``before`` (their first occurrences), the date
    form, the table of values.
    """

    after: str | None = None
    before: str | None = None
    date: str | None = None
    values: Mapping[str, str] | None = None

    def run(self, value: str) -> str:
        """The value as it goes into the claim.

        :raises Dropping: ``value_not_found_between_marks``, ``value_not_a_date``, ``value_not_in_table``,
            ``value_empty``, ``value_has_control_characters``.
        """
        value = self._cut(value).strip()
        if not value:
            raise Dropping("value_empty")
        if _CONTROL.search(value):
            raise Dropping("value_has_control_characters")
        if self.date is not None:
            value = _read_date(value, self.date)
        if self.values is not None:
            if value not in self.values:
                raise Dropping("value_not_in_table")
            value = self.values[value]
        return value

    def _cut(self, value: str) -> str:
        for mark, side in ((self.after, 2), (self.before, 0)):
            if mark is not None:
                if mark not in value:
                    raise Dropping("value_not_found_between_marks")
                value = value.partition(mark)[side]
        return value


def _iso(value: str) -> str:
    return value


def _compact(value: str) -> str:
    """``YYYYMMDD``; unknown parts are zeros, as registers write them."""
    if len(value) != 8 or not (value.isascii() and value.isdigit()):
        raise ValueError
    year, month, day = value[:4], value[4:6], value[6:]
    return _joined(year, month, day)


def _day_first(mark: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        day, month, year = value.split(mark)
        if (len(day), len(month), len(year)) != (2, 2, 4):
            raise ValueError
        return _joined(year, month, day)

    return read


def _joined(year: str, month: str, day: str) -> str:
    if day == "00":
        return year if month == "00" else f"{year}-{month}"
    return f"{year}-{month}-{day}"


def _seconds(value: str) -> str:
    if len(value) > _LONGEST_NUMBER or not value.removeprefix("-").isdigit() or not value.isascii():
        raise ValueError
    # A date that was meant in Hong Kong is read there.
    return from_epoch_seconds(int(value)).astimezone(_HONG_KONG).date().isoformat()


DATE_FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "YYYY-MM-DD": _iso,
    "YYYYMMDD": _compact,
    "DD-MM-YYYY": _day_first("-"),
    "DD/MM/YYYY": _day_first("/"),
    "DD.MM.YYYY": _day_first("."),
    "epoch": _seconds,
}
"""Forms that a rule's ``date`` may name. All become ``YYYY-MM-DD``, ``YYYY`` or ``0000-MM-DD``: the
``birthdate`` claim's own forms (OpenID Connect Core §5.1)."""


def _read_date(value: str, form: str) -> str:
    try:
        return BirthDate.parse(DATE_FORMS[form](value)).claim()
    except (ValueError, OverflowError, MalformedInput):
        raise Dropping("value_not_a_date") from None
