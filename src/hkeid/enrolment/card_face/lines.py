"""Lines of text on the straightened card, and the characters that readers mix up."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hkeid.ports.documents import ReadField

_LONGEST_LINE = 300

# Full-width forms become narrow; several dashes become one; stars are stars.
_NARROW = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_ALIKE = str.maketrans(
    dict.fromkeys("‐‑‒–—―−_~～", "-")
    | dict.fromkeys("★☆✱✲✳∗﹡⁎×", "*")
    | dict.fromkeys("’‘`´′", "'")
    | dict.fromkeys("[{〔【", "(")
    | dict.fromkeys("]}〕】", ")")
)

# Where only a digit can stand, these letters are that digit.
_DIGITS = str.maketrans("OQDUILJ|ZSBGT", "0000111125867")
DIGIT = "[0-9OQDUILJ|ZSBGT]"
"""A character that may stand for a digit."""

HAN = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\ue000-\uf8ff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
"""One Chinese character (private-use ones included)."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TextLine:
    """A line as it was read.

    :ivar confidence: the reader's own, 0 to 1.
    :ivar left, top, right, bottom: on the straightened card, in per mille of its **width** (so that
        the card is 1000 wide and about 631 high).
    """

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float

    def __repr__(self) -> str:
        return f"TextLine({len(self.text)} characters)"

    @property
    def middle(self) -> float:
        """Height of the line's middle."""
        return (self.top + self.bottom) / 2

    def field(self, value: str, printed: str, *, doubt: float = 0) -> ReadField:
        """This line as a field; ``doubt`` is taken from the confidence."""
        return ReadField(
            value=value,
            printed=printed,
            confidence=min(1.0, max(0.0, self.confidence - doubt)),
            box=(round(self.left), round(self.top), round(self.right), round(self.bottom)),
        )


def tidy(text: str) -> str:
    """Narrow forms, one kind of dash, bracket, star and apostrophe; case is kept."""
    return text[:_LONGEST_LINE].translate(_NARROW).translate(_ALIKE).strip()


def compact(text: str) -> str:
    """As :func:`tidy`, in capitals and without spaces: for everything that is not a name.

    Among digits, the Chinese character for one is a dash.
    """
    plain = "".join(tidy(text).upper().split())
    return plain.replace("一", "-") if mostly_digits(plain.replace("一", "")) else plain


def as_digits(text: str) -> str:
    """Letters that stand where only digits can are those digits."""
    return text.translate(_DIGITS)


def mostly_digits(text: str) -> bool:
    """Whether at least half of the letters and digits are digits as read."""
    digits = sum(character.isascii() and character.isdigit() for character in text)
    return digits * 2 >= sum(character.isalnum() for character in text) > 0
