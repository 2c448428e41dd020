"""Personal values in the local form of each script, for the resident's own eyes."""

from __future__ import annotations

from datetime import timedelta, timezone

from hkeid.identity.birth_date import BirthDate
from hkeid.identity.language import Language
from hkeid.identity.person import Sex
from hkeid.kernel.instants import from_epoch_seconds

_HONG_KONG = timezone(timedelta(hours=8))
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
LINES = "  "
"""Between parts of a value that pages show on lines of their own."""
_SEXES = {Sex.FEMALE: ("Female", "女"), Sex.MALE: ("Male", "男")}


def shown_birth_date(born: BirthDate, language: Language) -> str:
    """``12 April 1985``, ``1985年4月12日``; what is not known is left out."""
    return _shown(born.year, born.month, born.day, language)


def shown_moment(epoch_seconds: int, language: Language) -> str:
    """The day, in Hong Kong, of a moment."""
    day = from_epoch_seconds(epoch_seconds).astimezone(_HONG_KONG)
    return _shown(day.year, day.month, day.day, language)


def shown_sex(sex: Sex, language: Language) -> str:
    """``Female``, ``女`` …; both Chinese scripts write it alike."""
    english, chinese = _SEXES[sex]
    return english if language is Language.ENGLISH else chinese


def _shown(year: int | None, month: int | None, day: int | None, language: Language) -> str:
    if language is Language.ENGLISH:
        parts = (day, _MONTHS[month - 1] if month else None, year)
        return " ".join(str(part) for part in parts if part)
    pairs = ((year, "年"), (month, "月"), (day, "日"))
    return "".join(f"{number}{unit}" for number, unit in pairs if number)


def shown_truth(language: Language, *, true: bool) -> str:
    """``Yes``, ``是``; ``No``, ``否``."""
    if language is Language.ENGLISH:
        return "Yes" if true else "No"
    return "是" if true else "否"
