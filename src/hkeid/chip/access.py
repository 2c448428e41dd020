"""Access keys: what is printed on the card and opens its chip (Doc 9303-11 §4.3, §4.4.4)."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from typing import Protocol

from hkeid.kernel.errors import MalformedInput

_CAN = re.compile(r"[0-9]{6}", re.ASCII)
_NUMBER = re.compile(r"[A-Z0-9<]{1,22}", re.ASCII)
_DATE = re.compile(r"[0-9<]{6}", re.ASCII)
_WEIGHTS = (7, 3, 1)


class AccessKey(Protocol):
    """A password of PACE, and of BAC where it can be one."""

    @property
    def reference(self) -> int:
        """The password's number in MSE:Set AT: 1 MRZ, 2 CAN (§4.4.4.1, tag 83)."""
        ...

    def secret(self) -> bytes:
        """``K`` of PACE's ``K_π = KDF(K, 3)`` (§4.4.3.2)."""
        ...

    def bac_seed(self) -> bytes | None:
        """``K_seed`` of BAC (§4.3.2), or None where this key cannot open it."""
        ...


class CardAccessNumber:
    """The six digits printed on the card. Does not print itself.

    :raises hkeid.kernel.errors.MalformedInput: reason ``can_malformed``.
    """

    __slots__ = ("_digits",)
    reference = 2

    def __init__(self, digits: str) -> None:
        if _CAN.fullmatch(digits) is None:
            raise MalformedInput("can_malformed", field="can")
        self._digits = digits

    def secret(self) -> bytes:
        """The digits as they stand."""
        return self._digits.encode("ascii")

    def bac_seed(self) -> None:
        """BAC knows no card access number."""
        return

    def __repr__(self) -> str:
        return "CardAccessNumber(…)"


class MrzKey:
    """Document number, birth date and expiry from the machine-readable zone. Does not print itself.

    :param document_number: as printed, fillers optional; more than nine characters are taken whole.
    :param born: a date, or its six digits ``YYMMDD`` (``<`` where unknown).
    :raises hkeid.kernel.errors.MalformedInput: reason ``mrz_key_malformed``.
    """

    __slots__ = ("_born", "_expires", "_number")
    reference = 1

    def __init__(self, document_number: str, born: date | str, expires: date | str) -> None:
        number = document_number.upper()
        self._number = number.ljust(9, "<")
        self._born, self._expires = _six_digits(born), _six_digits(expires)
        dates = (self._born, self._expires)
        if not _NUMBER.fullmatch(number) or not all(_DATE.fullmatch(one) for one in dates):
            raise MalformedInput("mrz_key_malformed", field="mrz")

    @classmethod
    def from_mrz(cls, text: str) -> MrzKey:
        """The key in a whole machine-readable zone: 3x30, 2x36 or 2x44 characters, line breaks or not.

        :raises hkeid.kernel.errors.MalformedInput: reasons ``mrz_malformed``,
            ``mrz_check_digit_wrong``.
        """
        return cls(*mrz_key_parts(text))

    @property
    def information(self) -> str:
        """``MRZ_information``: the three, each with its check digit (§4.3.2)."""
        return "".join(
            part + check_digit(part) for part in (self._number, self._born, self._expires)
        )

    @property
    def document_id(self) -> bytes:
        """The document number with its check digit: its name in terminal authentication after BAC."""
        return (self._number + check_digit(self._number)).encode("ascii")

    def secret(self) -> bytes:
        """SHA-1 of the information (§4.4.4.1)."""
        data = self.information.encode("ascii")
        return hashlib.sha1(data, usedforsecurity=False).digest()

    def bac_seed(self) -> bytes:
        """The first sixteen bytes of the same hash (§4.3.2)."""
        return self.secret()[:16]

    def matches(self, document_number: str, born: str, expires: str) -> bool:
        """Whether these parts of DG1 (fillers optional) are what access was gained with."""
        mine = (self._number.rstrip("<"), self._born, self._expires)
        return mine == (document_number.rstrip("<"), born, expires)

    def __repr__(self) -> str:
        return "MrzKey(…)"


def _six_digits(value: date | str) -> str:
    return value if isinstance(value, str) else value.strftime("%y%m%d")


def check_digit(text: str) -> str:
    """The check digit of Doc 9303-3 §4.9 over digits, letters and fillers."""
    total = 0
    for place, character in enumerate(text):
        value = 0 if character == "<" else int(character, 36)
        total += value * _WEIGHTS[place % 3]
    return str(total % 10)


def mrz_key_parts(text: str) -> tuple[str, str, str]:
    """Document number, birth date and expiry out of a whole machine-readable zone.

    :raises hkeid.kernel.errors.MalformedInput: reasons ``mrz_malformed``, ``mrz_check_digit_wrong``.
    """
    zone = "".join(text.split()).upper()
    if re.fullmatch(r"[A-Z0-9<]+", zone, re.ASCII) is None or len(zone) not in {72, 88, 90}:
        raise MalformedInput("mrz_malformed", field="mrz")
    if len(zone) == 90:
        number, number_check = _long_number(zone[5:14], zone[14], zone[15:30])
        fields = (zone[30:36], zone[36]), (zone[38:44], zone[44])
    else:
        line = zone[len(zone) // 2 :]
        number, number_check = line[:9], line[9]
        if len(zone) == 72:
            number, number_check = _long_number(number, number_check, line[28:35])
        fields = (line[13:19], line[19]), (line[21:27], line[27])
    for value, check in ((number, number_check), *fields):
        if check_digit(value) != check:
            raise MalformedInput("mrz_check_digit_wrong", field="mrz")
    return number, fields[0][0], fields[1][0]


def _long_number(number: str, check: str, optional: str) -> tuple[str, str]:
    """A number of more than nine characters goes on in the optional data (Doc 9303-5 §4.2.2.1)."""
    rest = optional.partition("<")[0]
    if check != "<" or len(rest) < 2:
        return number, check
    return number + rest[:-1], rest[-1]
