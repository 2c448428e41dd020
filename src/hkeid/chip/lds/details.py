"""DG11, DG12 and DG13: further details of person and document (Doc 9303-10 §4.7.11 to §4.7.13)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from hkeid.chip import tlv
from hkeid.chip.errors import CardMalformed
from hkeid.chip.findings import FindingCode

_LONGEST_TEXT = 400
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_EIGHT = re.compile(r"[0-9]{8}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PersonalDetails:
    """DG11. Its ``repr`` shows nothing.

    :ivar names: the name in full and other names, each as ``PRIMARY, Secondary``.
    :ivar personal_number: as it stands, or None.
    :ivar born: ``YYYYMMDD`` with zeros where unknown, or None.
    """

    names: tuple[str, ...]
    personal_number: str | None
    born: str | None

    def __repr__(self) -> str:
        return "PersonalDetails(…)"

    @property
    def name_in_latin(self) -> str | None:
        """The first name without Chinese characters."""
        return next((name for name in self.names if not _has_ideographs(name)), None)

    @property
    def name_in_chinese(self) -> str | None:
        """The first name with Chinese characters, as one word."""
        found = next((name for name in self.names if _has_ideographs(name)), None)
        return None if found is None else found.replace(", ", "").replace(" ", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDetails:
    """DG12: who issued the document, and when."""

    authority: str | None
    issued: date | None


def _has_ideographs(text: str) -> bool:
    return any(
        unicodedata.name(one, "").startswith("CJK UNIFIED IDEOGRAPH") or ord(one) >= 0x20000
        for one in text
    )


def _text(value: bytes, code: FindingCode) -> str:
    if len(value) > _LONGEST_TEXT:
        raise CardMalformed(code, detail="text too long")
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise CardMalformed(code, detail="characters") from None
    if any(unicodedata.category(one) in _FORBIDDEN for one in text):
        raise CardMalformed(code, detail="characters")
    return text


def _name(value: bytes) -> str:
    """``PRIMARY<<SECONDARY<NAMES`` as ``PRIMARY, SECONDARY NAMES``."""
    text = _text(value, FindingCode.DG11_MALFORMED)
    primary, _, secondary = text.partition("<<")
    parts = (" ".join(part.replace("<", " ").split()) for part in (primary, secondary))
    return ", ".join(part for part in parts if part)


def _fields(data: bytes, tag: int, code: FindingCode) -> dict[int, tlv.Tlv]:
    """The fields that the tag list names, each once."""
    try:
        parts = tlv.parse_one(data, tag).children()
    except CardMalformed as error:
        raise CardMalformed(code, detail=error.detail or error.reason) from None
    found = {one.tag: one for one in parts}
    if len(found) != len(parts) or 0x5C not in found:
        raise CardMalformed(code, detail="tags")
    return found


def read_dg11(data: bytes) -> PersonalDetails:
    """Read DG11.

    :raises CardMalformed: ``dg11_malformed``.
    """
    code = FindingCode.DG11_MALFORMED
    fields = _fields(data, 0x6B, code)
    names = [_name(fields[0x5F0E].value)] if 0x5F0E in fields else []
    if 0xA0 in fields:
        try:
            others = fields[0xA0].children()
        except CardMalformed as error:
            raise CardMalformed(code, detail=error.detail or error.reason) from None
        names += [_name(one.value) for one in others if one.tag == 0x5F0F]
    number = _text(fields[0x5F10].value, code).strip("< ") if 0x5F10 in fields else None
    born = _birth(fields[0x5F2B].value) if 0x5F2B in fields else None
    return PersonalDetails(
        names=tuple(one for one in names if one), personal_number=number or None, born=born
    )


def _birth(value: bytes) -> str:
    """Eight digits, as characters or packed two to a byte."""
    text = value.hex() if len(value) == 4 else value.decode("ascii", "replace").replace("<", "0")
    if _EIGHT.fullmatch(text) is None:
        raise CardMalformed(FindingCode.DG11_MALFORMED, detail="birth date")
    return text


def read_dg12(data: bytes) -> DocumentDetails:
    """Read DG12.

    :raises CardMalformed: ``dg12_malformed``.
    """
    code = FindingCode.DG12_MALFORMED
    fields = _fields(data, 0x6C, code)
    authority = _text(fields[0x5F19].value, code) if 0x5F19 in fields else None
    issued = None
    if 0x5F26 in fields:
        value = fields[0x5F26].value
        text = value.hex() if len(value) == 4 else value.decode("ascii", "replace")
        if _EIGHT.fullmatch(text) is None:
            raise CardMalformed(code, detail="date of issue")
        try:
            issued = date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            raise CardMalformed(code, detail="date of issue") from None
    return DocumentDetails(authority=authority, issued=issued)


def read_dg13(data: bytes) -> bytes:
    """What the state put into DG13; it says nothing to us.

    :raises CardMalformed: ``dg13_malformed``.
    """
    try:
        return tlv.parse_one(data, 0x6D).value
    except CardMalformed as error:
        detail = error.detail or error.reason
        raise CardMalformed(FindingCode.DG13_MALFORMED, detail=detail) from None
