"""Birth dates, which in Hong Kong's registers may lack the day, the month or both."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hkeid.kernel.errors import MalformedInput

_WRITTEN = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)
_FIRST_YEAR = 1800
_LEAP_YEAR = 2000


class Precision(StrEnum):
    """How much of a birth date is known, counted from the year."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    NO_YEAR = "no_year"
    """Month and day only (``0000-MM-DD``)."""


class AgeAnswer(StrEnum):
    """Whether a person has reached an age. A partial birth date may leave it open."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BirthDate:
    """A birth date of known precision. Its ``repr`` shows only the precision.

    Known are year; year and month; year, month and day; or month and day without the year.

    :ivar year: 1800 to 9999, or None.
    :raises hkeid.kernel.errors.MalformedInput: reasons ``birth_date_malformed`` (parts missing in
        another manner), ``birth_date_impossible`` (no such day, or a year before 1800).
    """

    year: int | None
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if (self.day is not None and self.month is None) or (
            self.year is None and self.day is None
        ):
            raise MalformedInput("birth_date_malformed", field="birth_date")
        if self.year is not None and not _FIRST_YEAR <= self.year <= 9999:
            raise MalformedInput("birth_date_impossible", field="birth_date")
        if self.month is not None and not 1 <= self.month <= 12:
            raise MalformedInput("birth_date_impossible", field="birth_date")
        if self.day is not None and self.month is not None:
            # Without a year, 29 February has to be believed.
            longest = calendar.monthrange(self.year or _LEAP_YEAR, self.month)[1]
            if not 1 <= self.day <= longest:
                raise MalformedInput("birth_date_impossible", field="birth_date")

    def __repr__(self) -> str:
        return f"BirthDate(precision={self.precision.value!r})"

    @classmethod
    def parse(cls, text: str) -> BirthDate:
        """Read ``YYYY-MM-DD``, ``YYYY-MM``, ``YYYY`` or ``0000-MM-DD``.

        :raises hkeid.kernel.errors.MalformedInput: reasons ``birth_date_malformed``,
            ``birth_date_impossible``.
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise MalformedInput("birth_date_malformed", field="birth_date")
        year, month, day = (int(part) if part is not None else None for part in found.groups())
        return cls(year=year or None, month=month, day=day)

    @property
    def precision(self) -> Precision:
        """How much is known."""
        if self.year is None:
            return Precision.NO_YEAR
        if self.month is None:
            return Precision.YEAR
        return Precision.MONTH if self.day is None else Precision.DAY

    def isoformat(self) -> str:
        """The text that :meth:`parse` reads: nothing known is lost."""
        year = f"{self.year or 0:04}"
        if self.month is None:
            return year
        return (
            f"{year}-{self.month:02}"
            if self.day is None
            else f"{year}-{self.month:02}-{self.day:02}"
        )

    def claim(self) -> str:
        """The ``birthdate`` claim (OpenID Connect Core §5.1): ``YYYY-MM-DD``, ``0000-MM-DD`` or
        ``YYYY``; it has no form for year and month, so that the month is left out then.
        """
        return f"{self.year:04}" if self.precision is Precision.MONTH else self.isoformat()

    def age_at_least(self, years: int, on: date) -> AgeAnswer:
        """Whether the person has reached the age of ``years`` on the day ``on``.

        An age is reached at the beginning of the anniversary (Cap. 410 s.5); who was born on
        29 February reaches it on 1 March of a common year: for "at least", the later day is the
        careful reading.
        """
        if self.year is None:
            return AgeAnswer.UNKNOWN
        today = (on.year, on.month, on.day)
        reached = self.year + years
        if (reached, self.month or 12, self.day or 31) <= today:
            return AgeAnswer.YES
        if (reached, self.month or 1, self.day or 1) > today:
            return AgeAnswer.NO
        return AgeAnswer.UNKNOWN
