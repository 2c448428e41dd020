"""The Chinese commercial code by zhtelecode's tables (Unihan)."""

from __future__ import annotations

from functools import lru_cache

from hkeid.kernel.errors import MissingExtra

try:
    import zhtelecode
except ImportError as _missing:
    raise MissingExtra("zhtelecode", "ocr") from _missing

_TABLES = ("taiwan", "mainland")
_DIGITS = 4


class ZhTelecodes:
    """:class:`hkeid.enrolment.card_face.TelegraphCodes` over zhtelecode.

    Its table called ``taiwan`` holds the traditional characters.
    """

    def codes_of(self, character: str) -> frozenset[str]:
        """Every code of a character in either table."""
        return _codes_of(character)

    def traditional_of(self, code: str) -> str | None:
        """The traditional character of a code, or None."""
        return _traditional_of(code)


@lru_cache(maxsize=4096)
def _codes_of(character: str) -> frozenset[str]:
    found: set[str] = set()
    for table in _TABLES:
        try:
            found.update(zhtelecode.to_telecode(character, encoding=table))
        except (LookupError, ValueError):
            continue
    return frozenset(found)


@lru_cache(maxsize=4096)
def _traditional_of(code: str) -> str | None:
    if len(code) != _DIGITS:
        return None
    try:
        found = zhtelecode.to_unicode([code], encoding="taiwan")
    except (LookupError, ValueError):
        return None
    return str(found) if len(found) == 1 else None
