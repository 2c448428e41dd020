"""DG1: the machine-readable zone (Doc 9303-4 to -6, layouts TD3, TD2, TD1), with its check digits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from hkeid.chip import tlv
from hkeid.chip.access import check_digit
from hkeid.chip.errors import CardMalformed
from hkeid.chip.findings import FindingCode

_ALPHABET = re.compile(r"[A-Z0-9<]+", re.ASCII)
_LAYOUTS = {90: "td1", 72: "td2", 88: "td3"}
_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MachineReadableZone:
    """The fields of a zone, fillers taken off. Its ``repr`` shows nothing.

    :ivar layout: ``td1``, ``td2`` or ``td3``.
    :ivar document_code: one or two letters, ``P`` or ``ID``.
    :ivar born: ``YYMMDD`` as it stands, ``<`` where unknown; likewise ``expires``.
    :ivar name: primary and secondary identifier, words separated by spaces.
    :ivar truncated: the name fills its field, so that more may have been cut off.
    :ivar wrong_checks: fields whose check digit is wrong: ``document_number``, ``birth_date``,
        ``expiry_date``, ``optional``, ``composite``.
    """

    layout: str
    document_code: str
    issuing_state: str
    document_number: str
    born: str
    sex: str
    expires: str
    nationality: str
    optional: tuple[str, ...]
    name: tuple[str, str]
    truncated: bool
    wrong_checks: tuple[str, ...]

    def __repr__(self) -> str:
        return f"MachineReadableZone({self.layout})"

    def expiry_date(self) -> date | None:
        """When the document expires; the century is this one. None where it is no date."""
        return _date(self.expires, 2000)

    def birth_date(self, *, on: date) -> date | None:
        """The day of birth, taken as the latest that is not after ``on``; None where not a whole date."""
        found = _date(self.born, on.year // 100 * 100)
        return _date(self.born, on.year // 100 * 100 - 100) if found and found > on else found


def _date(text: str, century: int) -> date | None:
    if _DIGITS.fullmatch(text) is None:
        return None
    try:
        return date(century + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def read_dg1(data: bytes) -> MachineReadableZone:
    """Read DG1 (tag 61 around 5F1F).

    :raises CardMalformed: ``dg1_malformed``.
    """
    try:
        zone = tlv.parse_one(data, 0x61).find(0x5F1F)
        if zone is None:
            raise CardMalformed(FindingCode.DG1_MALFORMED, detail="no zone")
        return read_zone(zone.value.decode("ascii"))
    except UnicodeDecodeError:
        raise CardMalformed(FindingCode.DG1_MALFORMED, detail="characters") from None
    except CardMalformed as error:
        detail = error.detail or error.reason
        raise CardMalformed(FindingCode.DG1_MALFORMED, detail=detail) from None


def read_zone(text: str) -> MachineReadableZone:
    """Read a zone without line breaks.

    :raises CardMalformed: ``dg1_malformed``.
    """
    layout = _LAYOUTS.get(len(text))
    if layout is None or _ALPHABET.fullmatch(text) is None:
        raise CardMalformed(FindingCode.DG1_MALFORMED, detail="length or characters")
    return _td1(text) if layout == "td1" else _two_lines(text, layout)


def _clean(field: str) -> str:
    return field.rstrip("<")


def _names(field: str) -> tuple[str, str]:
    primary, _, secondary = field.partition("<<")
    return " ".join(primary.split("<")).strip(), " ".join(secondary.split("<")).strip()


def _number(field: str, check: str, optional: str) -> tuple[str, str, str]:
    """Document number, its check digit and what is left of the optional data.

    A number of more than nine characters goes on there, its check digit after it (Doc 9303-5 §4.2.2).
    """
    rest = optional.partition("<")[0]
    if check != "<" or len(rest) < 2:
        return field, check, optional
    return field + rest[:-1], rest[-1], optional[len(rest) :]


def _wrong(*checked: tuple[str, str, str]) -> tuple[str, ...]:
    """Names of those whose check digit is wrong; ``<`` may stand for 0 under an empty field."""
    wrong = []
    for name, field, check in checked:
        empty = not field.strip("<") and check == "<"
        if check_digit(field) != check and not empty:
            wrong.append(name)
    return tuple(wrong)


def _td1(text: str) -> MachineReadableZone:
    upper, middle, lower = text[:30], text[30:60], text[60:]
    number, check, optional = _number(upper[5:14], upper[14], upper[15:30])
    composite = upper[5:30] + middle[0:7] + middle[8:15] + middle[18:29]
    return MachineReadableZone(
        layout="td1",
        document_code=_clean(upper[:2]),
        issuing_state=_clean(upper[2:5]),
        document_number=_clean(number),
        born=middle[:6],
        sex=_clean(middle[7]),
        expires=middle[8:14],
        nationality=_clean(middle[15:18]),
        optional=(_clean(optional), _clean(middle[18:29])),
        name=_names(lower),
        truncated=lower[-1] != "<",
        wrong_checks=_wrong(
            ("document_number", number, check),
            ("birth_date", middle[:6], middle[6]),
            ("expiry_date", middle[8:14], middle[14]),
            ("composite", composite, middle[29]),
        ),
    )


def _two_lines(text: str, layout: str) -> MachineReadableZone:
    width = len(text) // 2
    upper, lower = text[:width], text[width:]
    end = width - 1
    last = end - 1 if layout == "td3" else end
    number, check, optional = lower[:9], lower[9], lower[28:last]
    if layout == "td2":
        number, check, optional = _number(number, check, optional)
    composite = lower[:10] + lower[13:20] + lower[21:end]
    checks = [
        ("document_number", number, check),
        ("birth_date", lower[13:19], lower[19]),
        ("expiry_date", lower[21:27], lower[27]),
        ("composite", composite, lower[end]),
    ]
    if layout == "td3":
        checks.append(("optional", lower[28:42], lower[42]))
    return MachineReadableZone(
        layout=layout,
        document_code=_clean(upper[:2]),
        issuing_state=_clean(upper[2:5]),
        document_number=_clean(number),
        born=lower[13:19],
        sex=_clean(lower[20]),
        expires=lower[21:27],
        nationality=_clean(lower[10:13]),
        optional=(_clean(optional),),
        name=_names(upper[5:]),
        truncated=upper[-1] != "<",
        wrong_checks=_wrong(*checks),
    )
