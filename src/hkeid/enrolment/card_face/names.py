"""Names and the Chinese commercial code, which stand together above the birth date."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hkeid.enrolment.card_face.layout import Layout
from hkeid.enrolment.card_face.lines import (
    DIGIT,
    HAN,
    TextLine,
    as_digits,
    compact,
    mostly_digits,
    tidy,
)
from hkeid.identity.names import PersonName, parse_commercial_code
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.documents import ReadField

_CODE = re.compile(f"(?:{DIGIT}{{4}}){{1,6}}")
_FOREIGN = re.compile(r"[^A-Za-z\u00c0-\u024f ,.'()/-]")
_SEPARATOR = re.compile(r"\s*[,，、]\s*,?\s*")
_POINT_FOR_COMMA = re.compile(r"^([A-Z][A-Z' -]+)[.;:] ?(?=[A-Z])")
_RUN_TOGETHER = re.compile(r"(?<!\bMc)(?<!\bMac)(?<=[a-z])(?=[A-Z])")
_CAPITALS = str.maketrans("l01|58", "IOIISB")
_SMALL = str.maketrans("015|", "olsl")
_FEWEST_LETTERS = 2
_MOST_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NamesFound:
    """The names; None for what is not there or cannot be read.

    :ivar code_broken: a line of digits stands there that is no commercial code.
    """

    chinese: ReadField | None = None
    english: ReadField | None = None
    code: ReadField | None = None
    code_broken: bool = False


def find_names(layout: Layout) -> NamesFound:
    """Chinese name, English name and commercial code."""
    chinese: ReadField | None = None
    code: ReadField | None = None
    broken = False
    english: list[TextLine] = []
    for line in layout.lines:
        if not layout.among_names(line):
            continue
        text = compact(line.text)
        characters = "".join(HAN.findall(tidy(line.text)))
        if len(characters) * 2 > len(text):
            chinese = chinese or _chinese(line, characters)
        elif mostly_digits(text):
            code = code or _code(line, text)
            broken = True
        elif sum(character.isalpha() for character in text) >= _FEWEST_LETTERS:
            english.append(line)
    return NamesFound(
        chinese=chinese,
        english=_english(english[:_MOST_LINES]),
        code=code,
        code_broken=broken and code is None,
    )


def _chinese(line: TextLine, characters: str) -> ReadField | None:
    if len(characters) < _FEWEST_LETTERS:
        return None
    return line.field(characters, characters)


def _code(line: TextLine, text: str) -> ReadField | None:
    found = _CODE.fullmatch(text.replace("-", "").replace(".", ""))
    if found is None:
        return None
    groups = parse_commercial_code(as_digits(found[0]))
    return line.field(" ".join(groups), tidy(line.text))


def _english(lines: list[TextLine]) -> ReadField | None:
    """One name from its lines. Capitals before the comma, no digits anywhere."""
    if not lines:
        return None
    name = _spelled(" ".join(tidy(line.text) for line in lines).replace("- ", "-"))
    try:
        PersonName(english=name)
    except MalformedInput:
        return None
    if sum(character.isalpha() for character in name) < _FEWEST_LETTERS:
        return None
    whole = TextLine(
        text="",
        confidence=min(line.confidence for line in lines),
        left=min(line.left for line in lines),
        top=lines[0].top,
        right=max(line.right for line in lines),
        bottom=lines[-1].bottom,
    )
    return whole.field(name, " ".join(tidy(line.text) for line in lines))


def _spelled(name: str) -> str:
    name = _POINT_FOR_COMMA.sub(r"\1, ", _SEPARATOR.sub(", ", name))
    family, comma, given = name.partition(",")
    capitals = sum(character.isupper() for character in family)
    if capitals * 2 > sum(character.isalpha() for character in family):
        family = family.translate(_CAPITALS).upper()
    given = _RUN_TOGETHER.sub(" ", given.translate(_SMALL))
    return " ".join(_FOREIGN.sub("", family + comma + given).split()).strip(" .-")
