"""Addresses as lines: in English from the flat to the region, in Chinese from the region to the flat."""

from __future__ import annotations

from typing import Any, Final

from hkeid.identity.address import (
    Address,
    AddressScript,
    FreeFormatAddress,
    PostOfficeBox,
    Premises,
    PremisesAddress,
)
from hkeid.identity.districts import Region
from hkeid.identity.language import Language

COUNTRY: Final = "HK"
"""``country`` of the ``address`` claim (ISO 3166-1)."""
_LANGUAGE: Final = {
    AddressScript.ENGLISH: Language.ENGLISH,
    AddressScript.CHINESE: Language.TRADITIONAL,
}


def address_in_lines(address: Address, script: AddressScript) -> tuple[str, ...]:
    """The address in one language, a line each; () where it is not written in that language."""
    street = _street_lines(address, script)
    if not street or isinstance(address, FreeFormatAddress):
        return street
    area = _area(address, script)
    return (*street, area) if script is AddressScript.ENGLISH else (area, *street)


def address_claim(address: Address, script: AddressScript) -> dict[str, Any] | None:
    """The ``address`` claim of OpenID Connect Core §5.1.1 in one language; None where it is not written
    in that. There is no ``postal_code``: Hong Kong has none.
    """
    street = _street_lines(address, script)
    if not street:
        return None
    claim = {
        "formatted": "\n".join(address_in_lines(address, script)),
        "street_address": "\n".join(street),
        "locality": _locality(address, script),
        "region": None if address.region is None else _region(address.region, script),
        "country": COUNTRY,
    }
    return {member: value for member, value in claim.items() if value}


def _street_lines(address: Address, script: AddressScript) -> tuple[str, ...]:
    english = script is AddressScript.ENGLISH
    match address:
        case FreeFormatAddress():
            return address.english if english else address.chinese
        case PostOfficeBox():
            office = address.english if english else address.chinese
            if office is None:
                return ()
            box = f"P.O. Box {address.number}" if english else f"郵政信箱{address.number}號"
            return (box, office) if english else (office, box)
        case PremisesAddress():
            premises = address.written_in(script)
            if premises is None:
                return ()
            return _english(premises) if english else _chinese(premises)


def _area(address: PremisesAddress | PostOfficeBox, script: AddressScript) -> str:
    """The line of sub-district or district, and region."""
    region = "" if address.region is None else _region(address.region, script)
    locality = _locality(address, script) or ""
    if script is AddressScript.ENGLISH:
        return ", ".join(part for part in (locality, region) if part)
    return region + locality


def _locality(address: Address, script: AddressScript) -> str | None:
    district = address.district
    if district is None:
        return None
    named = district.name_in(_LANGUAGE[script])
    premises = address.written_in(script) if isinstance(address, PremisesAddress) else None
    sub_district = None if premises is None else premises.sub_district
    if sub_district is None:
        return named
    return sub_district if script is AddressScript.ENGLISH else named + sub_district


def _region(region: Region, script: AddressScript) -> str:
    return region.name_in(_LANGUAGE[script])


def _english(one: Premises) -> tuple[str, ...]:
    unit = one.unit_number and f"{one.unit_descriptor or 'Flat'} {one.unit_number}"
    floor = one.floor and f"{one.floor}/F"
    block = one.block_number and f"{one.block_descriptor or 'Block'} {one.block_number}"
    phase = one.phase_name or (one.phase_number and f"Phase {one.phase_number}")
    lines = (
        _joined(unit, floor, block),
        _joined(one.building, phase, one.estate),
        _joined(_spaced(one.village_number, one.village), _spaced(one.street_number, one.street)),
        _english_lot(one),
    )
    return tuple(line for line in lines if line)


def _english_lot(one: Premises) -> str:
    if one.lot_number is None:
        return ""
    lot = _spaced(one.lot_type or "Lot", one.lot_number, one.lot_section, one.lot_portion)
    return f"{lot} in {one.dd_type or 'DD'} {one.dd_number}" if one.dd_number else lot


def _chinese(one: Premises) -> tuple[str, ...]:
    phase = one.phase_name or (one.phase_number and f"第{one.phase_number}期")
    block = one.block_number and f"{one.block_number}{one.block_descriptor or '座'}"
    unit = one.unit_number and f"{one.unit_number}{one.unit_descriptor or '室'}"
    lines = (
        _chinese_lot(one),
        _run(_counted(one.street, one.street_number), _counted(one.village, one.village_number)),
        _run(one.estate, phase, one.building, block),
        _run(_chinese_floor(one.floor), unit),
    )
    return tuple(line for line in lines if line)


def _chinese_lot(one: Premises) -> str:
    if one.lot_number is None:
        return ""
    area = f"{one.dd_type or '丈量約份'}第{one.dd_number}約" if one.dd_number else ""
    return _run(
        area, one.lot_type or "地段", f"第{one.lot_number}號", one.lot_section, one.lot_portion
    )


def _chinese_floor(floor: str | None) -> str | None:
    if floor is None or not floor.isascii():
        return floor
    return "地下" if floor.upper() == "G" else f"{floor}樓"


def _counted(name: str | None, number: str | None) -> str | None:
    return f"{name}{number}號" if name and number else name


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


def _spaced(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _run(*parts: str | None) -> str:
    return "".join(part for part in parts if part)
