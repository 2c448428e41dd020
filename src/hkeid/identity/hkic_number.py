"""The number of a Hong Kong identity card, with its check character.

One or two letters and six digits, then a check character in brackets, which by the registration
form ROP133 is not part of the number. The check rule was never published by its issuer; it is the
one on which public implementations agree. Prefixes are not checked against a list: new ones are
issued from time to time, and birth certificates and re-entry permits share the number space.
"""

from __future__ import annotations

import re
from typing import NoReturn

from hkeid.kernel.errors import MalformedInput

_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2)
_SPACE = 36
_LONGEST = 32

_NUMBER = re.compile(r"[A-Z]{1,2}[0-9]{6}")
_WRITTEN = re.compile(
    r" *([A-Z]{1,2}) ?([0-9]{3}) ?([0-9]{3}) *(?:\( *([0-9A]) *\)|([0-9A])) *", re.ASCII
)

# Full-width forms (U+FF01 to U+FF5E) and the ideographic space, as a Chinese keyboard types them.
# Nothing else is folded: a superscript or circled digit is a mistake, not a way of writing.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def check_character_of(number: str) -> str:
    """The check character that belongs to ``number`` (``[A-Z]{1,2}[0-9]{6}``).

    The number is padded with a space to eight places; digits count 0 to 9, letters 10 to 35, the
    space 36; with the weights 9 to 2, ``(11 − sum mod 11) mod 11`` is the character, ``A`` for 10.

    :raises hkeid.kernel.errors.MalformedInput: reason ``hkic_malformed``.
    """
    if _NUMBER.fullmatch(number) is None:
        raise MalformedInput("hkic_malformed", field="hkic_number")
    total = sum(
        weight * (_SPACE if place == " " else int(place, 36))
        for weight, place in zip(_WEIGHTS, number.rjust(8), strict=True)
    )
    return "0123456789A"[-total % 11]


class HkicNumber:
    """An identity-card number that does not print itself.

    ``str()``, ``repr()`` and ``format()`` give ``A123***(*)``; :meth:`reveal` gives the number, and
    is easy to search for. Immutable, hashable, not pickled, not turned into JSON by accident.

    :ivar number: letters and digits, ``A123456``.
    :ivar check_character: ``0`` to ``9`` or ``A``.
    """

    __slots__ = ("check_character", "number")

    number: str
    check_character: str

    def __init__(self, number: str, check_character: str) -> None:
        """Take the two parts apart as they come from an upstream or a chip.

        :raises hkeid.kernel.errors.MalformedInput: reasons ``hkic_malformed``,
            ``hkic_check_character_wrong``.
        """
        if check_character_of(number) != check_character:
            raise MalformedInput("hkic_check_character_wrong", field="hkic_number")
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "check_character", check_character)

    @classmethod
    def parse(cls, text: str) -> HkicNumber:
        """Read a number as people write it: ``A123456(3)``, ``a123 456 (3)``, ``A1234563``,
        full-width letters, digits and brackets.

        :raises hkeid.kernel.errors.MalformedInput: reasons ``hkic_malformed``,
            ``hkic_check_character_wrong``.
        """
        if len(text) > _LONGEST:
            raise MalformedInput("hkic_malformed", field="hkic_number")
        narrow = text.translate(_NARROW)
        # upper() would turn other alphabets' letters into ASCII ones (U+0131, U+017F).
        found = _WRITTEN.fullmatch(narrow.upper()) if narrow.isascii() else None
        if found is None:
            raise MalformedInput("hkic_malformed", field="hkic_number")
        prefix, first, second, bracketed, bare = found.groups()
        return cls(prefix + first + second, bracketed or bare)

    def reveal(self) -> str:
        """The whole number as it stands on the card: ``A123456(3)``."""
        return f"{self.number}({self.check_character})"

    def masked(self) -> str:
        """What pages and logs may show: ``A123***(*)``."""
        return f"{self.number[:-3]}***(*)"

    def __repr__(self) -> str:
        return f"HkicNumber({self.masked()})"

    def __str__(self) -> str:
        return self.masked()

    def __format__(self, format_spec: str) -> str:
        return format(self.masked(), format_spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HkicNumber):
            return NotImplemented
        return self.number == other.number

    def __hash__(self) -> int:
        return hash((HkicNumber, self.number))

    def __copy__(self) -> HkicNumber:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> HkicNumber:
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("an HkicNumber does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("an HkicNumber does not change")

    def __reduce__(self) -> NoReturn:
        raise TypeError("an HkicNumber is not pickled")
