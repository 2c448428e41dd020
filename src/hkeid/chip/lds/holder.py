"""Whom a document is about: DG1, DG2 and DG11 together, and what does not fit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from hkeid.chip.errors import CardMalformed
from hkeid.chip.evidence import ChipHolder
from hkeid.chip.findings import Finding, FindingCode, finding
from hkeid.chip.lds.details import PersonalDetails, read_dg11, read_dg12, read_dg13
from hkeid.chip.lds.mrz import MachineReadableZone, read_dg1
from hkeid.chip.lds.portrait import Portrait, read_portrait
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.names import PersonName
from hkeid.identity.person import Person, Sex
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant

_LIKE_HKIC = re.compile(r"[A-Z]{1,2}[0-9]{6} ?\(?[0-9A]\)?", re.ASCII)


@dataclass(slots=True)
class _Reading:
    findings: list[Finding] = field(default_factory=list)

    def add(self, code: FindingCode, detail: str = "") -> None:
        self.findings.append(finding(code, detail))

    def met(self, error: CardMalformed) -> None:
        self.add(error.code, error.detail or "")


def read_holder(
    files: Mapping[str, bytes], *, verified: frozenset[str], at: Instant
) -> tuple[ChipHolder | None, tuple[Finding, ...]]:
    """What the verified files say of the holder; None where DG1 is missing, malformed or unverified.

    :param verified: data groups whose hash is the signed one; others are not looked at.
    :param at: the moment at which the document must not have expired.
    """
    reading = _Reading()
    groups = {name: files[name] for name in verified if name in files}
    zone = _zone(files, groups, at, reading)
    details = _details(groups, reading)
    portrait = _portrait(groups, reading)
    if zone is None:
        return None, tuple(reading.findings)
    try:
        person = _person(zone, details, at, reading)
    except MalformedInput as error:
        reading.add(FindingCode.DG1_MALFORMED, error.reason)
        return None, tuple(reading.findings)
    holder = ChipHolder(
        person=person,
        document_number=zone.document_number,
        issuing_state=zone.issuing_state,
        expires=zone.expiry_date(),
        born=_whole_birth_date(person, zone, at),
        portrait=portrait.image if portrait else None,
        portrait_type=portrait.kind if portrait else None,
    )
    return holder, tuple(reading.findings)


def _zone(
    files: Mapping[str, bytes], groups: Mapping[str, bytes], at: Instant, reading: _Reading
) -> MachineReadableZone | None:
    if "DG1" not in groups:
        if "DG1" not in files:
            reading.add(FindingCode.DG1_MISSING)
        return None
    try:
        zone = read_dg1(groups["DG1"])
    except CardMalformed as error:
        reading.met(error)
        return None
    for name in zone.wrong_checks:
        reading.add(FindingCode.DG1_CHECK_DIGIT_WRONG, name)
    expires = zone.expiry_date()
    if expires is None:
        reading.add(FindingCode.DOCUMENT_EXPIRY_UNREADABLE)
    elif expires < at.date():
        reading.add(FindingCode.DOCUMENT_EXPIRED)
    return zone


def _details(groups: Mapping[str, bytes], reading: _Reading) -> PersonalDetails | None:
    found = None
    try:
        if "DG11" in groups:
            found = read_dg11(groups["DG11"])
    except CardMalformed as error:
        reading.met(error)
    for name, read in (("DG12", read_dg12), ("DG13", read_dg13)):
        try:
            if name in groups:
                read(groups[name])
        except CardMalformed as error:
            reading.met(error)
    return found


def _portrait(groups: Mapping[str, bytes], reading: _Reading) -> Portrait | None:
    if "DG2" not in groups:
        return None
    try:
        found = read_portrait(groups["DG2"])
    except CardMalformed as error:
        reading.met(error)
        return None
    if found.kind is None:
        reading.add(FindingCode.DG2_FORMAT_UNKNOWN)
    return found


def _person(
    zone: MachineReadableZone, details: PersonalDetails | None, at: Instant, reading: _Reading
) -> Person:
    latin = details.name_in_latin if details else None
    if latin is not None and not _names_agree(latin, zone):
        reading.add(FindingCode.DG11_NAME_DIFFERENT)
    english = latin or ", ".join(part for part in zone.name if part)
    return Person(
        name=PersonName(english=english, chinese=details.name_in_chinese if details else None),
        hkic_number=_number(details, reading),
        birth_date=_birth(zone, details, at, reading),
        sex=Sex(zone.sex) if zone.sex in {"F", "M"} else None,
    )


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).upper()
    return "".join(one for one in plain if "A" <= one <= "Z")


def _names_agree(latin: str, zone: MachineReadableZone) -> bool:
    """The letters of both names; a zone that is full may hold less."""
    full, short = _letters(latin), _letters("".join(zone.name))
    return full == short or (zone.truncated and bool(short) and full.startswith(short[:20]))


def _number(details: PersonalDetails | None, reading: _Reading) -> HkicNumber | None:
    """The personal number, where it is that of a Hong Kong identity card."""
    text = details.personal_number if details else None
    if text is None:
        return None
    try:
        return HkicNumber.parse(text)
    except MalformedInput:
        if _LIKE_HKIC.fullmatch(text):
            reading.add(FindingCode.DG11_NUMBER_WRONG)
        return None


def _birth(
    zone: MachineReadableZone, details: PersonalDetails | None, at: Instant, reading: _Reading
) -> BirthDate | None:
    """The full birth date of DG11, which must fit the zone's six digits; else the zone's."""
    if details is not None and details.born is not None:
        year, month, day = details.born[:4], details.born[4:6], details.born[6:]
        parts = (year[2:] if int(year) else "<<", month, day)
        six = "".join("<<" if part == "00" and place else part for place, part in enumerate(parts))
        if six != zone.born:
            reading.add(FindingCode.DG11_MALFORMED, "birth date differs from DG1")
            return None
        return _known(int(year), int(month), int(day), reading)
    whole = zone.birth_date(on=at.date())
    return BirthDate(year=whole.year, month=whole.month, day=whole.day) if whole else None


def _known(year: int, month: int, day: int, reading: _Reading) -> BirthDate | None:
    try:
        return BirthDate(year=year or None, month=month or None, day=day or None)
    except MalformedInput as error:
        reading.add(FindingCode.DG11_MALFORMED, error.reason)
        return None


def _whole_birth_date(person: Person, zone: MachineReadableZone, at: Instant) -> date | None:
    born = person.birth_date
    if born is not None and born.year and born.month and born.day:
        return date(born.year, born.month, born.day)
    return None if born is not None else zone.birth_date(on=at.date())
