"""Which words a page gets, and how moments and numbers are written in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest

from relying_party_django.texts import TEXTS

_ORDER = ("en", "zh-hant", "zh-hans")
_TAGS = {"en": "en", "zh-hant": "zh-Hant-HK", "zh-hans": "zh-Hans"}
_HONG_KONG = ZoneInfo("Asia/Hong_Kong")
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
_WORDS = {
    language: {key: three[position] for key, three in TEXTS.items()}
    for position, language in enumerate(_ORDER)
}


def words(language: str) -> Mapping[str, str]:
    """Every sentence of the service in one language."""
    return _WORDS.get(language, _WORDS["en"])


def page_words(request: HttpRequest) -> dict[str, Any]:
    """Context processor: what every template needs."""
    language = getattr(request, "LANGUAGE_CODE", "en")
    page = request.get_full_path() if request.method == "GET" else request.path
    return {
        "w": words(language),
        "language": _TAGS.get(language, "en"),
        "languages": [
            {"code": code, "tag": _TAGS[code], "name": name, "chosen": code == language}
            for code, name in settings.LANGUAGES
        ],
        "this_page": page,
    }


def local_time(moment: datetime, language: str) -> str:
    """A moment in Hong Kong time, written as people write it there."""
    there = moment.astimezone(_HONG_KONG)
    hour, minute = (there.hour % 12) or 12, there.minute
    if language == "en":
        half = "am" if there.hour < 12 else "pm"
        return f"{there.day} {_MONTHS[there.month - 1]} {there.year}, {hour}:{minute:02} {half}"
    half = "上午" if there.hour < 12 else "下午"
    return f"{there.year}年{there.month}月{there.day}日 {half}{hour}:{minute:02}"


def local_date(value: Any, language: str) -> str | None:
    """A ``birthdate`` claim in the local form; incomplete dates as they are."""
    parts = value.split("-") if isinstance(value, str) else []
    if len(parts) != 3 or not all(part.isdecimal() for part in parts) or "0000" in parts:
        return value if isinstance(value, str) else None
    year, month, day = (int(part) for part in parts)
    if language == "en":
        return f"{day} {_MONTHS[month - 1]} {year}"
    return f"{year}年{month}月{day}日"


def masked(number: Any) -> str | None:
    """An identity-card number with its last half hidden, as it is shown everywhere."""
    if not isinstance(number, str) or len(number) < 6:
        return None
    return f"{number[:4]}***(*)"
