"""``ui_locales`` (OpenID Connect Core §3.1.2.1)."""

from __future__ import annotations

import re

from hkeid.identity.language import Language

SUPPORTED = tuple(language.value for language in Language)
"""The three scripts of every page."""

_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}\Z")
_MOST = 10


def parse_ui_locales(text: str) -> tuple[str, ...]:
    """Well-formed BCP 47 tags, best first; others are left out: it is a wish, never an error."""
    words = text.split(" ", _MOST)[:_MOST]
    return tuple(dict.fromkeys(word for word in words if _TAG.match(word)))


def best_locale(wanted: tuple[str, ...]) -> str:
    """The supported script that comes nearest to the first wish that has one; else English."""
    for tag in wanted:
        words = tag.lower().split("-")
        if words[0] == "en":
            return "en"
        if words[0] in ("zh", "yue", "cmn"):
            simplified = {"hans", "cn", "sg"} & set(words[1:])
            return "zh-Hans" if simplified else "zh-Hant-HK"
    return "en"
