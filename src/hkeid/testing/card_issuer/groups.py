"""The data groups of a document, written (Doc 9303-10 §4.7)."""

from __future__ import annotations

import unicodedata
from datetime import date

from hkeid.identity.birth_date import BirthDate
from hkeid.identity.person import Person
from hkeid.testing.der import integer, tlv

_WEIGHTS = (7, 3, 1)


def check_digit(field: str) -> str:
    """The check digit of a field of the machine-readable zone (Doc 9303-3 §4.9)."""
    values = (0 if one == "<" else int(one, 36) for one in field)
    return str(sum(_WEIGHTS[place % 3] * value for place, value in enumerate(values)) % 10)


def zone_name(english: str, size: int) -> str:
    """A name as the machine-readable zone writes it."""
    primary, _, secondary = english.partition(",")
    parts = []
    for part in (primary, secondary):
        plain = unicodedata.normalize("NFKD", part).upper()
        letters = "".join(one if "A" <= one <= "Z" else " " if one in " -" else "" for one in plain)
        parts.append("<".join(letters.split()))
    return "<<".join(part for part in parts if part)[:size].ljust(size, "<")


def zone_birth(born: BirthDate | None) -> str:
    """YYMMDD, unknown parts as ``<<``."""
    if born is None:
        return "<" * 6
    year = "<<" if born.year is None else f"{born.year % 100:02}"
    month = "<<" if born.month is None else f"{born.month:02}"
    return year + month + ("<<" if born.day is None else f"{born.day:02}")


def zone_td1(person: Person, *, state: str, number: str, expires: date, code: str = "I<") -> str:
    """Three lines of thirty, together."""
    document = number.ljust(9, "<")
    upper = code + state.ljust(3, "<") + document + check_digit(document) + "<" * 15
    born, until = zone_birth(person.birth_date), f"{expires:%y%m%d}"
    sex = person.sex.value if person.sex else "<"
    middle = born + check_digit(born) + sex + until + check_digit(until)
    middle += state.ljust(3, "<") + "<" * 11
    composite = upper[5:30] + middle[0:7] + middle[8:15] + middle[18:29]
    return upper + middle + check_digit(composite) + zone_name(person.name.english, 30)


def zone_td3(person: Person, *, state: str, number: str, expires: date, code: str = "P<") -> str:
    """Two lines of forty-four, together."""
    upper = code + state.ljust(3, "<") + zone_name(person.name.english, 39)
    document = number.ljust(9, "<")
    born, until = zone_birth(person.birth_date), f"{expires:%y%m%d}"
    sex = person.sex.value if person.sex else "<"
    personal = "<" * 14
    lower = document + check_digit(document) + state.ljust(3, "<")
    lower += born + check_digit(born) + sex + until + check_digit(until) + personal + "<"
    composite = lower[0:10] + lower[13:20] + lower[21:43]
    return upper + lower + check_digit(composite)


def zone_td2(person: Person, *, state: str, number: str, expires: date, code: str = "I<") -> str:
    """Two lines of thirty-six, together."""
    upper = code + state.ljust(3, "<") + zone_name(person.name.english, 31)
    document = number.ljust(9, "<")
    born, until = zone_birth(person.birth_date), f"{expires:%y%m%d}"
    sex = person.sex.value if person.sex else "<"
    lower = document + check_digit(document) + state.ljust(3, "<")
    lower += born + check_digit(born) + sex + until + check_digit(until) + "<" * 7
    composite = lower[0:10] + lower[13:20] + lower[21:35]
    return upper + lower + check_digit(composite)


def access_information(number: str, born: str, expires: date) -> bytes:
    """Document number, birth and expiry with their check digits: what opens the chip."""
    document, until = number.ljust(9, "<"), f"{expires:%y%m%d}"
    fields = (document, born, until)
    return "".join(one + check_digit(one) for one in fields).encode("ascii")


def dg1(zone: str) -> bytes:
    """The machine-readable zone."""
    return tlv(0x61, tlv(0x5F1F, zone.encode("ascii")))


def face_record(image: bytes, *, kind: int = 0, width: int = 0, height: int = 0) -> bytes:
    """One face image in the format of ISO/IEC 19794-5.

    :param kind: 0 JPEG, 1 JPEG 2000.
    """
    information = bytes([0x01, kind]) + width.to_bytes(2, "big") + height.to_bytes(2, "big")
    information += bytes([0x01, 0x02]) + bytes(4)
    size = 20 + len(information) + len(image)
    face = size.to_bytes(4, "big") + bytes(16) + information + image
    total = 14 + len(face)
    return b"FAC\x00010\x00" + total.to_bytes(4, "big") + b"\x00\x01" + face


def dg2(record: bytes) -> bytes:
    """One biometric template around a face record."""
    header = tlv(
        0xA1,
        tlv(0x80, b"\x01\x01"),
        tlv(0x81, b"\x02"),
        tlv(0x82, b"\x00"),
        tlv(0x87, b"\x01\x01"),
        tlv(0x88, b"\x00\x08"),
    )
    template = tlv(0x7F60, header, tlv(0x5F2E, record))
    return tlv(0x75, tlv(0x7F61, tlv(0x02, b"\x01"), template))


def dg3() -> bytes:
    """Fingerprints that nobody gets to read: an empty group, filled with a fixed pattern."""
    return tlv(0x63, tlv(0x7F61, tlv(0x02, b"\x00"), tlv(0x53, b"\x5a" * 16)))


def _full_birth(born: BirthDate) -> str:
    return f"{born.year or 0:04}{born.month or 0:02}{born.day or 0:02}"


def dg11(person: Person) -> bytes:
    """Additional personal details: names in every script, personal number, full birth date."""
    english = person.name.english.replace(", ", "<<").replace(" ", "<")
    fields = [(0x5F0E, tlv(0x5F0E, english.encode()))]
    if person.name.chinese:
        other = tlv(0xA0, integer(1), tlv(0x5F0F, person.name.chinese.encode()))
        fields.append((0x5F0F, other))
    if person.hkic_number is not None:
        fields.append((0x5F10, tlv(0x5F10, person.hkic_number.reveal().encode("ascii"))))
    if person.birth_date is not None:
        fields.append((0x5F2B, tlv(0x5F2B, _full_birth(person.birth_date).encode("ascii"))))
    tags = b"".join(tag.to_bytes(2, "big") for tag, _ in fields)
    return tlv(0x6B, tlv(0x5C, tags), *(value for _, value in fields))


def dg12(*, authority: str, issued: date) -> bytes:
    """Additional document details: who issued it, and when."""
    return tlv(
        0x6C,
        tlv(0x5C, b"\x5f\x19\x5f\x26"),
        tlv(0x5F19, authority.encode()),
        tlv(0x5F26, f"{issued:%Y%m%d}".encode("ascii")),
    )


def dg13(value: bytes) -> bytes:
    """Whatever the state likes."""
    return tlv(0x6D, value)


_GROUP_TAGS = dict(
    zip(
        (f"DG{number}" for number in range(1, 17)),
        bytes.fromhex("6175637665666768696A6B6C6D6E6F70"),
        strict=True,
    )
)


def com(groups: list[str], *, version: str = "0107") -> bytes:
    """EF.COM: version and the groups that are there."""
    present = bytes(_GROUP_TAGS[group] for group in groups)
    return tlv(
        0x60,
        tlv(0x5F01, version.encode("ascii")),
        tlv(0x5F36, b"040000"),
        tlv(0x5C, present),
    )
