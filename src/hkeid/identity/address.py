"""Addresses in Hong Kong, after the Government's Address Lookup Service (ALS).

There is no postal code. An address is one of three: premises, by their parts, in English, Chinese or
both; a post office box; or free format, up to three lines in each language. How they are written as
JSON is in :mod:`hkeid.identity.address_json`, how as lines in :mod:`hkeid.identity.address_lines`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from hkeid.identity.characters import characters_allowed
from hkeid.identity.districts import District, Region
from hkeid.kernel.errors import MalformedInput

LONGEST_NAME: Final = 120
"""Characters of a name or line, at most."""
LONGEST_NUMBER: Final = 20
"""Characters of a number or of a word such as "Flat", at most."""
MOST_LINES: Final = 3
"""Lines of an address in free format, in each language."""

_NAMES: Final = frozenset({"sub_district", "building", "estate", "phase_name", "street", "village"})
_PLACES: Final = ("building", "estate", "street", "village", "lot_number")


class AddressScript(StrEnum):
    """English or Chinese, by the prefix that the names of ALS have."""

    ENGLISH = "Eng"
    CHINESE = "Chi"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Premises:
    """Premises in one language; what is not known is None. Its ``repr`` shows nothing of it.

    :ivar phase_name: of the estate, or ``phase_number``.
    :ivar floor: ``12``, ``G``, ``UG``; in Chinese ``12``, ``地下``.
    :ivar unit_descriptor: what the unit is called: ``Flat``, ``Room``, ``Shop``; ``室``.
    :ivar dd_type: ``DD`` (demarcation district) and what else the Lands Department writes; the lot's
        parts locate land that no street leads to, in the New Territories.
    :raises hkeid.kernel.errors.MalformedInput: reasons ``address_part_malformed`` (empty, padded or too
        long), ``address_characters_not_allowed``, ``address_incomplete`` (nothing within the
        district), ``address_number_without_name``.
    """

    district: District
    sub_district: str | None = None
    building: str | None = None
    estate: str | None = None
    phase_name: str | None = None
    phase_number: str | None = None
    street: str | None = None
    street_number: str | None = None
    village: str | None = None
    village_number: str | None = None
    block_descriptor: str | None = None
    block_number: str | None = None
    floor: str | None = None
    unit_descriptor: str | None = None
    unit_number: str | None = None
    dd_type: str | None = None
    dd_number: str | None = None
    lot_type: str | None = None
    lot_number: str | None = None
    lot_section: str | None = None
    lot_portion: str | None = None

    def __post_init__(self) -> None:
        for part in PREMISES_PARTS:
            text = getattr(self, part)
            if text is not None:
                _check(text, part, LONGEST_NAME if part in _NAMES else LONGEST_NUMBER)
        if all(getattr(self, place) is None for place in _PLACES):
            raise MalformedInput("address_incomplete", field="street")
        for number, name in (("street_number", "street"), ("village_number", "village")):
            if getattr(self, number) is not None and getattr(self, name) is None:
                raise MalformedInput("address_number_without_name", field=name)

    def __repr__(self) -> str:
        return "Premises(…)"


PREMISES_PARTS: Final = tuple(field.name for field in fields(Premises) if field.name != "district")
"""The parts of :class:`Premises` that are text."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PremisesAddress:
    """Premises in English, Chinese or both.

    :raises hkeid.kernel.errors.MalformedInput: reasons ``address_empty``,
        ``address_districts_differ``.
    """

    english: Premises | None = None
    chinese: Premises | None = None

    def __post_init__(self) -> None:
        if self.english is None and self.chinese is None:
            raise MalformedInput("address_empty", field="address")
        both = self.english is not None and self.chinese is not None
        if both and len({one.district for one in (self.english, self.chinese) if one}) != 1:
            raise MalformedInput("address_districts_differ", field="district")

    def __repr__(self) -> str:
        return "PremisesAddress(…)"

    def written_in(self, script: AddressScript) -> Premises | None:
        """The address in one language."""
        return self.english if script is AddressScript.ENGLISH else self.chinese

    @property
    def district(self) -> District | None:
        """The district that it is in."""
        one = self.english or self.chinese
        return None if one is None else one.district

    @property
    def region(self) -> Region | None:
        """The region that it is in."""
        return None if self.district is None else self.district.region


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PostOfficeBox:
    """A box at a post office; nobody lives there, so that no district is told.

    :ivar number: ``1234``.
    :ivar english: name of the post office in English, or None; ``chinese`` likewise.
    :raises hkeid.kernel.errors.MalformedInput: reasons ``address_empty`` (no post office),
        ``address_part_malformed``, ``address_characters_not_allowed``.
    """

    number: str
    region: Region
    english: str | None = None
    chinese: str | None = None

    def __post_init__(self) -> None:
        _check(self.number, "box_number", LONGEST_NUMBER)
        if self.english is None and self.chinese is None:
            raise MalformedInput("address_empty", field="post_office")
        for office in (self.english, self.chinese):
            if office is not None:
                _check(office, "post_office", LONGEST_NAME)

    def __repr__(self) -> str:
        return "PostOfficeBox(…)"

    @property
    def district(self) -> District | None:
        """None: nobody lives in a box."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FreeFormatAddress:
    """Lines as somebody wrote them.

    :ivar english: up to three lines; ``chinese`` likewise.
    :ivar district: where its owner named it; lines are never searched for one.
    :raises hkeid.kernel.errors.MalformedInput: reasons ``address_empty``, ``address_too_many_lines``,
        ``address_part_malformed``, ``address_characters_not_allowed``.
    """

    english: tuple[str, ...] = ()
    chinese: tuple[str, ...] = ()
    district: District | None = None

    def __post_init__(self) -> None:
        if not self.english and not self.chinese:
            raise MalformedInput("address_empty", field="lines")
        for lines in (self.english, self.chinese):
            if len(lines) > MOST_LINES:
                raise MalformedInput("address_too_many_lines", field="lines")
            for line in lines:
                _check(line, "lines", LONGEST_NAME)

    def __repr__(self) -> str:
        return "FreeFormatAddress(…)"

    @property
    def region(self) -> Region | None:
        """The region, where the district was named."""
        return None if self.district is None else self.district.region


Address = PremisesAddress | PostOfficeBox | FreeFormatAddress
"""Any address in Hong Kong."""


def _check(text: str, part: str, longest: int) -> None:
    if not text or text != text.strip() or len(text) > longest:
        raise MalformedInput("address_part_malformed", field=part)
    if not characters_allowed(text):
        raise MalformedInput("address_characters_not_allowed", field=part)
