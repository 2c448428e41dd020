"""Telephone numbers: E.164 as kept and sent, Hong Kong's as people type and read them.

Hong Kong's numbers have eight digits (OFCA's numbering plan); 2 and 3 begin fixed lines, 4 to 9 the
rest, mobile ones among them; 0 and 1 begin no subscriber's number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hkeid.kernel.errors import MalformedInput

HONG_KONG: Final = "852"
"""Country code of Hong Kong."""

_LONGEST: Final = 40
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_HONG_KONG_NUMBER: Final = re.compile(r"[2-9][0-9]{7}", re.ASCII)
_NARROW: Final = {0xFF10 + digit: str(digit) for digit in range(10)} | {
    0xFF0B: "+",
    0xFF0D: "-",
    0xFF08: "(",
    0xFF09: ")",
    0x3000: " ",
    0x00A0: " ",
    0x2010: "-",
    0x2011: "-",
    0x2013: "-",
}
_BETWEEN: Final = re.compile(r"[ \-.()]")

# ITU-T E.164 list of assigned country codes: those of one and of two digits; all others have three.
_ONE_DIGIT: Final = frozenset({"1", "7"})
_TWO_DIGITS: Final = frozenset(
    [
        "20",
        "27",
        "30",
        "31",
        "32",
        "33",
        "34",
        "36",
        "39",
        "40",
        "41",
        "43",
        "44",
        "45",
        "46",
        "47",
        "48",
        "49",
        "51",
        "52",
        "53",
        "54",
        "55",
        "56",
        "57",
        "58",
        "60",
        "61",
        "62",
        "63",
        "64",
        "65",
        "66",
        "81",
        "82",
        "84",
        "86",
        "90",
        "91",
        "92",
        "93",
        "94",
        "95",
        "98",
    ]
)


@dataclass(frozen=True, slots=True, repr=False)
class TelephoneNumber:
    """A telephone number. Its ``repr`` shows the country alone.

    :ivar e164: ``+85291234567`` (ITU-T E.164: at most 15 digits after the plus sign).
    :raises hkeid.kernel.errors.MalformedInput: reasons ``telephone_malformed``,
        ``telephone_impossible`` (a Hong Kong number that nobody can have).
    """

    e164: str

    def __post_init__(self) -> None:
        if _E164.fullmatch(self.e164) is None:
            raise MalformedInput("telephone_malformed", field="telephone")
        if self.hong_kong and _HONG_KONG_NUMBER.fullmatch(self.subscriber_number) is None:
            raise MalformedInput("telephone_impossible", field="telephone")

    def __repr__(self) -> str:
        return f"TelephoneNumber(country_code={self.country_code!r})"

    @classmethod
    def parse(cls, text: str) -> TelephoneNumber:
        """Read what people type: ``9123 4567``, ``+852 9123-4567``, ``(852) 91234567``,
        ``0085291234567``, ``+44 20 7946 0018``, full-width digits too.

        Without a country code it is a number of Hong Kong; another country's needs its code.

        :raises hkeid.kernel.errors.MalformedInput: reasons ``telephone_malformed``,
            ``telephone_impossible``.
        """
        if len(text) > _LONGEST:
            raise MalformedInput("telephone_malformed", field="telephone")
        compact = _BETWEEN.sub("", text.translate(_NARROW).strip())
        digits = compact.removeprefix("+")
        if not (digits.isascii() and digits.isdigit()):
            raise MalformedInput("telephone_malformed", field="telephone")
        if compact.startswith("+"):
            return cls(compact)
        if len(digits) == 8:
            return cls(f"+{HONG_KONG}{digits}")
        if len(digits) == 11 and digits.startswith(HONG_KONG):
            return cls(f"+{digits}")
        if digits.startswith("00"):
            return cls(f"+{digits[2:]}")
        raise MalformedInput("telephone_malformed", field="telephone")

    @property
    def hong_kong(self) -> bool:
        """Whether it is a number of Hong Kong."""
        return self.e164.startswith(f"+{HONG_KONG}")

    @property
    def country_code(self) -> str:
        """Its country code without the plus sign, ``852``."""
        digits = self.e164[1:]
        if digits[:1] in _ONE_DIGIT:
            return digits[:1]
        return digits[:2] if digits[:2] in _TWO_DIGITS else digits[:3]

    @property
    def subscriber_number(self) -> str:
        """What follows the country code."""
        return self.e164[1 + len(self.country_code) :]

    @property
    def may_be_mobile(self) -> bool:
        """False for a fixed line of Hong Kong (2 and 3); of other countries nothing is known."""
        return not self.hong_kong or self.subscriber_number[0] not in "23"

    def shown(self) -> str:
        """For reading: ``+852 9123 4567``; other countries' in one group after the code."""
        number = self.subscriber_number
        if self.hong_kong:
            number = f"{number[:4]} {number[4:]}"
        return f"+{self.country_code} {number}"
