"""Sex and symbols: a few characters each, so that every one counts."""

from __future__ import annotations

import re
from datetime import date

from hkeid.enrolment.card_face.layout import Layout
from hkeid.enrolment.card_face.lines import compact
from hkeid.identity.birth_date import AgeAnswer, BirthDate
from hkeid.identity.person import Sex
from hkeid.ports.documents import ReadField

_SEX = re.compile("(?:^|(?<=[0-9-]))(?:([女男])([FM]?).?|([FM]))$")
_SEXES = {"女": Sex.FEMALE, "F": Sex.FEMALE, "男": Sex.MALE, "M": Sex.MALE}
_SYMBOLS = re.compile(r"(\*{0,5})([ACRU4])([ZXWO0Q2])([BN]{0,2})")
_PLACES = str.maketrans("0Q2", "OOZ")
_OF_AGE = 18
_ADULT, _YOUNG = "***", "*"


def find_sex(layout: Layout) -> ReadField | None:
    """``女 F`` or ``男 M``; either half alone will do, but they must not contradict each other."""
    found: list[ReadField] = []
    for line in layout.lines:
        if layout.among_names(line) or line.middle < layout.names[0]:
            continue
        match = _SEX.search(compact(line.text))
        if match is None:
            continue
        sexes = {_SEXES[part] for part in match.groups() if part}
        if len(sexes) == 1:
            sex = sexes.pop()
            found.append(line.field(sex.value, match[0], doubt=0 if match[1] else 0.1))
    if len({field.value for field in found}) != 1:
        return None
    return max(found, key=lambda field: field.confidence)


def find_symbols(
    layout: Layout, *, born: BirthDate | None, issued: date | None
) -> tuple[ReadField | None, bool]:
    """The symbols (``***AZ``), and whether their stars had to be decided by the holder's age.

    Stars are three from 18 years on and one below; readers miscount them. Where their number is
    not that of the age on the day of issue, the age decides; without dates two or four of them
    leave the field out. So does a permanent resident's card without any.
    """
    best: tuple[ReadField, bool] | None = None
    expected = _stars(born, issued)
    for line in layout.lines:
        text = compact(line.text).replace("-", "").replace("'", "*").replace('"', "**")
        match = None if layout.among_names(line) else _SYMBOLS.fullmatch(text)
        if match is None or (layout.permanent and not match[1]):
            continue
        stars = match[1]
        decided = bool(stars) and stars != (expected or stars)
        if decided:
            stars = expected or ""
        elif len(stars) not in {0, 1, 3}:
            continue
        status = "A" if match[2] == "4" else match[2]
        value = stars + status + match[3].translate(_PLACES) + match[4]
        field = line.field(value, compact(line.text), doubt=0.2 if decided else 0)
        if best is None or (best[1] and not decided):
            best = field, decided
    return best or (None, False)


def _stars(born: BirthDate | None, issued: date | None) -> str | None:
    if born is None or issued is None:
        return None
    answer = born.age_at_least(_OF_AGE, issued)
    if answer is AgeAnswer.UNKNOWN:
        return None
    return _ADULT if answer is AgeAnswer.YES else _YOUNG
