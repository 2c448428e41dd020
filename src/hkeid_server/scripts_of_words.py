"""Words in another script than the page's: names of places, documents and persons, as somebody else wrote them.

A voice that reads English stumbles over Chinese and the other way round, so such words say which they are
(WCAG 2.2, 3.1.2).
"""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_CHINESE: Final = re.compile(f"[{_HAN}]+(?:[\u3001-\u3003\u3008-\u3011\uff01-\uff1f·]*[{_HAN}]+)*")
# One word is a name or a term in either script; several are read as a sentence.
_ENGLISH: Final = re.compile(r"[A-Za-z][A-Za-z'’.-]*(?:[ ,]+[A-Za-z][A-Za-z'’.-]*)+")
_HONG_KONG: Final = "zh-Hant-HK"


def by_script(words: str, page: str, *, of_a_person: bool = False) -> Markup:
    """``words``, escaped, with a language for what is not in the script of the page.

    :param page: BCP 47 tag of the page's language.
    :param of_a_person: Chinese in it is as the register of persons has it, in traditional characters, also on a page
        in simplified ones; otherwise nobody knows.
    """
    if isinstance(words, Markup):
        if "<" in words:  # marked up already
            return words
        words = words.unescape()
    if not page.startswith("zh"):
        return _marked(_CHINESE, _HONG_KONG, words)
    if of_a_person and page != _HONG_KONG:
        return _marked(_CHINESE, _HONG_KONG, words)
    return _marked(_ENGLISH, "en", words)


def _marked(pattern: re.Pattern[str], tag: str, words: str) -> Markup:
    made, at = Markup(), 0
    for found in pattern.finditer(words):
        made += escape(words[at : found.start()])
        made += Markup('<span lang="{}">{}</span>').format(tag, found[0])
        at = found.end()
    return made + escape(words[at:])
