"""Dates on the card: birth ``dd-mm-yyyy``, first registration ``(mm-yy)``, issue ``dd-mm-yy``.

Two-digit years mean the latest year that the order of the dates allows: born before first
registered, first registered before issued, issued before today.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from hkeid.enrolment.card_face.layout import Layout
from hkeid.enrolment.card_face.lines import DIGIT, TextLine, as_digits, compact, mostly_digits
from hkeid.identity.birth_date import BirthDate
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.documents import CardField, ReadField

_TWO = f"({DIGIT}{{2}})"
_FOUR = f"({DIGIT}{{4}})"
_BEFORE, _AFTER = rf"(?<!{DIGIT})(?<!-)", rf"(?!{DIGIT}|-{DIGIT})"
_WHOLE_BIRTH = re.compile(f"{_BEFORE}{_TWO}-{_TWO}-?{_FOUR}{_AFTER}")
_WHOLE_BIRTH_GLUED = re.compile(f"{_BEFORE}{_TWO}{_TWO}-{_FOUR}{_AFTER}")
_PARTIAL_BIRTH = re.compile(f"-*(?:{_TWO}-)?{_FOUR}")
_FIRST = re.compile(rf"(?:\({_TWO}-{_TWO}\)?|{_BEFORE}{_TWO}-{_TWO}\)){_AFTER}")
_ISSUED = re.compile(f"{_BEFORE}{_TWO}-{_TWO}-{_TWO}{_AFTER}")

_LONGEST_CENTURIES = 3


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DatesFound:
    """The dates that hold together.

    :ivar impossible: some were read whole, but there is no such day, or not in that order.
    """

    fields: dict[CardField, ReadField] = field(default_factory=dict)
    impossible: bool = False


def find_dates(layout: Layout, *, today: date) -> DatesFound:
    """Birth, first registration and issue, as far as they can be read and can be true."""
    found = DatesFound()
    impossible = False
    born, born_field, wrong = _birth(layout, today)
    impossible = impossible or wrong
    if born_field is not None:
        found.fields[CardField.BIRTH_DATE] = born_field
    issued, issued_field, wrong = _issue(layout.lines, born, today)
    impossible = impossible or wrong
    if issued_field is not None:
        found.fields[CardField.ISSUED] = issued_field
    first_field, wrong = _first(layout.lines, born, issued or today)
    impossible = impossible or wrong
    if first_field is not None:
        found.fields[CardField.FIRST_REGISTRATION] = first_field
    if impossible and (born_field is None or issued_field is None or first_field is None):
        # Which of them is misread nobody can tell: none is given that the others contradict.
        return DatesFound(fields=_consistent(found.fields), impossible=True)
    return found


def _consistent(fields: dict[CardField, ReadField]) -> dict[CardField, ReadField]:
    """Without the birth date: the dates that failed were measured against it."""
    return {name: value for name, value in fields.items() if name is not CardField.BIRTH_DATE}


def _birth(layout: Layout, today: date) -> tuple[BirthDate | None, ReadField | None, bool]:
    wrong = False
    for line, printed, day, month, year in _birth_candidates(layout):
        try:
            born = BirthDate(year=int(year), month=int(month) or None, day=int(day) or None)
        except MalformedInput:
            wrong = True
            continue
        if _earliest(born) > today:
            wrong = True
            continue
        return born, line.field(born.isoformat(), printed), wrong
    return None, None, wrong


def _birth_candidates(layout: Layout) -> Iterator[tuple[TextLine, str, str, str, str]]:
    for line in layout.lines:
        text = compact(line.text)
        if not mostly_digits(text) or layout.among_names(line):
            continue
        found = _WHOLE_BIRTH.search(text) or _WHOLE_BIRTH_GLUED.search(text)
        if found is not None:
            day, month, year = (as_digits(part) for part in found.groups())
            yield line, found[0], day, month, year
    top, bottom = layout.birth
    for line in layout.lines:
        text = compact(line.text)
        found = _PARTIAL_BIRTH.fullmatch(text) if mostly_digits(text) else None
        if found is not None and top <= line.middle < bottom and line.left < 600:
            yield line, found[0], "0", as_digits(found[1] or "0"), as_digits(found[2])


def _earliest(born: BirthDate) -> date:
    return date(born.year or 1, born.month or 1, born.day or 1)


def _years(two_digits: str, latest: int) -> Iterator[int]:
    """Years with these last digits, the latest first."""
    year = latest - (latest - int(two_digits)) % 100
    for back in range(_LONGEST_CENTURIES):
        yield year - 100 * back


def _issue(
    lines: Sequence[TextLine], born: BirthDate | None, today: date
) -> tuple[date | None, ReadField | None, bool]:
    wrong = False
    for line in lines:
        text = compact(line.text)
        found = _ISSUED.search(text) if mostly_digits(text) else None
        if found is None:
            continue
        day, month, two = (as_digits(part) for part in found.groups())
        for year in _years(two, today.year):
            try:
                issued = date(year, int(month), int(day))
            except ValueError:
                continue
            if issued <= today and (born is None or _earliest(born) <= issued):
                return issued, line.field(issued.isoformat(), found[0]), wrong
        wrong = True
    return None, None, wrong


def _first(
    lines: Sequence[TextLine], born: BirthDate | None, issued: date
) -> tuple[ReadField | None, bool]:
    wrong = False
    for line in lines:
        text = compact(line.text)
        found = _FIRST.search(text) if mostly_digits(text) else None
        if found is None:
            continue
        month, two = (as_digits(part) for part in found.groups() if part is not None)
        if not 1 <= int(month) <= 12:
            continue  # misread, which says nothing about the other dates
        for year in _years(two, issued.year):
            month_of = (year, int(month))
            earliest = (0, 0) if born is None else (born.year or 0, born.month or 1)
            if earliest <= month_of <= (issued.year, issued.month):
                return line.field(f"{year:04}-{int(month):02}", found[0]), wrong
        wrong = True
    return None, wrong
