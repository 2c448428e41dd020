"""The number: accepted only with the check character that belongs to it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hkeid.enrolment.card_face.lines import TextLine, as_digits, compact
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.documents import ReadField

_WRITTEN = re.compile(r"(?<![A-Z0-9])([A-Z0-9|]{7,8})\(([A-Z0-9|])(?:\)|$)")
_LETTERS = {"0": "OQD", "1": "IL", "2": "Z", "5": "S", "8": "B", "6": "G", "4": "A", "7": "T"}
_MOST_CORRECTED = 4
_DOUBT = 0.1
_LOWER_PART = 420.0
_ALONE = 0.75
"""A number that was read once only must have been read with this confidence."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NumberFound:
    """The number on the card, or why there is none.

    :ivar disagreeing: the card's two prints of the number were read as two numbers.
    """

    field: ReadField | None
    disagreeing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    line: TextLine
    value: str | None
    corrected: int

    @property
    def main(self) -> bool:
        """Whether this is the large print in the lower part, not that in the window."""
        return self.line.middle > _LOWER_PART


def find_number(lines: Sequence[TextLine]) -> NumberFound:
    """The number printed below on the right, checked against the small one in the window.

    A number whose check character fails is never given. Where the large print was read whole and
    its check character fails, the small one does not stand in for it.
    """
    readings = [reading for line in lines for reading in _readings(line)]
    valid = [reading for reading in readings if reading.value is not None]
    values = {reading.value for reading in valid}
    if len(values) > 1:
        return NumberFound(field=None, disagreeing=True)
    broken = [reading for reading in readings if reading.value is None and reading.main]
    if not valid or (broken and not any(reading.main for reading in valid)):
        return NumberFound(field=None)
    best = max(valid, key=lambda found: (found.main, -found.corrected, found.line.confidence))
    field = best.line.field(
        best.value or "", compact(best.line.text), doubt=_DOUBT if best.corrected else 0
    )
    if len(valid) == 1 and field.confidence < _ALONE:
        return NumberFound(field=None)
    return NumberFound(field=field)


def _readings(line: TextLine) -> Iterator[_Reading]:
    for found in _WRITTEN.finditer(compact(line.text)):
        fitting = set(_fitting(found[1], found[2]))
        if len(fitting) == 1:
            value, corrected = fitting.pop()
            yield _Reading(line=line, value=value, corrected=corrected)
        else:
            yield _Reading(line=line, value=None, corrected=0)


def _fitting(number: str, check: str) -> Iterator[tuple[str, int]]:
    """Every way to read the characters that has the form of a number and passes the check.

    A character of the right kind is never read as another one: the check character can tell one
    misreading, it cannot choose among digits.
    """
    prefix, digits = number[:-6], as_digits(number[-6:])
    choices = [
        character if character.isalpha() else _LETTERS.get(character, "") for character in prefix
    ]
    checked = check if check == "A" else as_digits(check)
    for letters in itertools.product(*choices):
        whole = "".join(letters) + digits
        corrected = sum(a != b for a, b in zip(number + check, whole + checked, strict=True))
        if corrected > _MOST_CORRECTED:
            continue
        try:
            yield HkicNumber(whole, checked).reveal(), corrected
        except MalformedInput:
            continue
