"""The three languages of every page, and which one a visitor gets."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

LANGUAGES = {"en": "English", "zh-Hant-HK": "繁體中文", "zh-Hans": "简体中文"}
COOKIE = "hko_language"
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


def choose(cookie: str | None, accepted: list[str]) -> str:
    """The visitor's own choice, else the first language of the browser that we have, else English."""
    if cookie in LANGUAGES:
        return cookie
    for tag in accepted:
        words = tag.lower().replace("_", "-").split("-")
        if words[0] == "en":
            return "en"
        if words[0] in ("zh", "yue"):
            return "zh-Hans" if {"hans", "cn", "sg"} & set(words) else "zh-Hant-HK"
    return "en"


def local_time(moment: datetime, language: str) -> str:
    """A moment in Hong Kong time, written as people write it there."""
    there = moment.astimezone(_HONG_KONG)
    hour, minute = (there.hour % 12) or 12, there.minute
    if language == "en":
        half = "am" if there.hour < 12 else "pm"
        return f"{there.day} {_MONTHS[there.month - 1]} {there.year}, {hour}:{minute:02} {half}"
    half = "上午" if there.hour < 12 else "下午"
    return f"{there.year}年{there.month}月{there.day}日 {half}{hour}:{minute:02}"


def is_own_page(page: str | None) -> bool:
    """Whether a redirect to ``page`` stays on this service."""
    return bool(
        page
        and page.startswith("/")
        and page[1:2] not in ("/", "\\")
        and page.isascii()
        and page.isprintable()
        and "\\" not in page
    )
