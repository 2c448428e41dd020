"""Which characters a written particular - a name, a line of an address - may hold.

Text is kept code point by code point: Unicode normalisation would replace compatibility ideographs,
that is, write another name.
"""

from __future__ import annotations

import unicodedata

# Controls, format characters (text direction!), lone surrogates, line and paragraph separators.
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_IDEOGRAPHIC_PLANES = range(0x20000, 0x40000)


def characters_allowed(text: str) -> bool:
    """Whether every character may be written, shown and sent without harm to what stands around it.

    Ideographs beyond U+20000 are let through although this Python's tables may not know them yet;
    private use is let through, because the Immigration Department's own characters live there.
    """
    return all(_allowed(character) for character in text)


def _allowed(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cn":
        return ord(character) in _IDEOGRAPHIC_PLANES
    return category not in _FORBIDDEN
