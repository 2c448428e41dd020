"""Addresses as JSON, by the names of the Address Lookup Service, which iAM Smart uses as well.

``EngPremisesAddress`` and ``ChiPremisesAddress``, ``PostBoxAddress``, ``FreeFormatAddress``. What an
address here cannot hold - another member, another type - is refused, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hkeid.identity.address import (
    MOST_LINES,
    Address,
    AddressScript,
    FreeFormatAddress,
    PostOfficeBox,
    Premises,
    PremisesAddress,
)
from hkeid.identity.districts import District, Region, parse_region
from hkeid.identity.language import Language
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput

_LONGEST_TEXT: Final = 8192
_DEEPEST: Final = 3
_FREE: Final = "FreeFormatAddress"
_BOX: Final = "PostBoxAddress"
_LANGUAGE_CODES: Final = {AddressScript.ENGLISH: "en", AddressScript.CHINESE: "zh"}
_REGION: Final = ("Region",)
_DISTRICT: Final = ("~District", "DcDistrict")
# Where each part stands; "~" is the prefix of the language, Eng or Chi.
_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "sub_district": ("~District", "Sub-district"),
    "building": ("BuildingName",),
    "estate": ("~Estate", "EstateName"),
    "phase_name": ("~Estate", "~Phase", "PhaseName"),
    "phase_number": ("~Estate", "~Phase", "PhaseNo"),
    "street": ("~Street", "StreetName"),
    "street_number": ("~Street", "BuildingNoFrom"),
    "village": ("~Village", "VillageName"),
    "village_number": ("~Village", "BuildingNoFrom"),
    "block_descriptor": ("~Block", "BlockDescriptor"),
    "block_number": ("~Block", "BlockNo"),
    "floor": ("~3dAddress", "~Floor", "FloorNum"),
    "unit_descriptor": ("~3dAddress", "~Unit", "UnitDescriptor"),
    "unit_number": ("~3dAddress", "~Unit", "UnitNo"),
    "dd_type": ("~Lot", "~StructuredLot", "DdType"),
    "dd_number": ("~Lot", "~StructuredLot", "DdNo"),
    "lot_type": ("~Lot", "~StructuredLot", "LotType"),
    "lot_number": ("~Lot", "~StructuredLot", "LotNo"),
    "lot_section": ("~Lot", "~StructuredLot", "LotSection1"),
    "lot_portion": ("~Lot", "~StructuredLot", "LotExtendPortionCode"),
}


def address_as_json(address: Address) -> dict[str, Any]:
    """The address as JSON; :func:`parse_address` reads it back to the same."""
    match address:
        case PremisesAddress():
            return {
                f"{script.value}PremisesAddress": _premises_json(premises, script)
                for script in AddressScript
                if (premises := address.written_in(script)) is not None
            }
        case PostOfficeBox():
            return {_BOX: dict(_boxes(address))}
        case FreeFormatAddress():
            return _free_json(address)


def parse_address(value: object) -> Address:
    """Read an address out of decoded JSON.

    :raises hkeid.kernel.errors.MalformedInput: ``address_malformed`` (not such an object),
        ``address_member_unknown``, ``address_region_wrong`` (not where the district is),
        ``address_district_unknown``, ``address_region_unknown``, or a reason of the types in
        :mod:`hkeid.identity.address`.
    """
    members = _object(value)
    if _FREE in members:
        return _free(members)
    if _BOX in members:
        return _box(_only(members, {_BOX})[_BOX])
    names = {f"{script.value}PremisesAddress": script for script in AddressScript}
    written = {
        names[name]: _premises(part, names[name]) for name, part in _only(members, names).items()
    }
    return PremisesAddress(
        english=written.get(AddressScript.ENGLISH), chinese=written.get(AddressScript.CHINESE)
    )


def parse_address_text(text: str) -> Address:
    """Read an address out of JSON text.

    :raises hkeid.kernel.errors.MalformedInput: ``json_malformed``, ``address_too_long``, or a reason of
        :func:`parse_address`.
    """
    if len(text) > _LONGEST_TEXT:
        raise MalformedInput("address_too_long", field="address")
    return parse_address(canonical_json.loads(text, field="address"))


def _premises_json(premises: Premises, script: AddressScript) -> dict[str, Any]:
    written: dict[str, Any] = {}
    district, region = premises.district, premises.district.region
    english = script is AddressScript.ENGLISH
    name = f"{district.english.upper()} DISTRICT" if english else district.value.traditional
    _set(written, _REGION, script, region.value if english else _in_chinese(region))
    _set(written, _DISTRICT, script, name)
    for part, path in _PATHS.items():
        text = getattr(premises, part)
        if text is not None:
            _set(written, path, script, text)
    return written


def _premises(value: object, script: AddressScript) -> Premises:
    found = dict(_leaves(_object(value), script))
    district = District.parse(found.pop(_DISTRICT, ""))
    region = found.pop(_REGION, None)
    if region is not None and parse_region(region) is not district.region:
        raise MalformedInput("address_region_wrong", field="region")
    parts = {part: found.pop(path) for part, path in _PATHS.items() if path in found}
    if found:
        raise MalformedInput("address_member_unknown", field="address")
    return Premises(district=district, **parts)


def _leaves(
    members: Mapping[str, Any], script: AddressScript, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each text with its path, the prefix of the language replaced by "~"."""
    for name, value in members.items():
        own = name.removeprefix(script.value)
        path = (*above, name if own == name else f"~{own}")
        if isinstance(value, dict) and len(path) < _DEEPEST:
            yield from _leaves(value, script, path)
        else:
            yield path, _text(value)


def _set(written: dict[str, Any], path: tuple[str, ...], script: AddressScript, text: str) -> None:
    *groups, leaf = (name.replace("~", script.value) for name in path)
    for group in groups:
        written = written.setdefault(group, {})
    written[leaf] = text


def _boxes(address: PostOfficeBox) -> Iterator[tuple[str, dict[str, str]]]:
    offices = {AddressScript.ENGLISH: address.english, AddressScript.CHINESE: address.chinese}
    for script, office in offices.items():
        if office is not None:
            english = script is AddressScript.ENGLISH
            region = address.region.value if english else _in_chinese(address.region)
            yield (
                f"{script.value}PostBox",
                {"PoBoxNo": address.number, "PostOffice": office, "PostOfficeRegion": region},
            )


def _box(value: object) -> PostOfficeBox:
    names = {f"{script.value}PostBox": script for script in AddressScript}
    offices: dict[AddressScript, str] = {}
    agreed = set()
    for name, part in _only(_object(value), names).items():
        members = _only(_object(part), {"PoBoxNo", "PostOffice", "PostOfficeRegion"})
        offices[names[name]] = _text(members.get("PostOffice"))
        region = parse_region(_text(members.get("PostOfficeRegion")))
        agreed.add((_text(members.get("PoBoxNo")), region))
    if len(agreed) != 1:
        raise MalformedInput("address_malformed", field="box_number")
    number, region = agreed.pop()
    return PostOfficeBox(
        number=number,
        region=region,
        english=offices.get(AddressScript.ENGLISH),
        chinese=offices.get(AddressScript.CHINESE),
    )


def _free_json(address: FreeFormatAddress) -> dict[str, Any]:
    both = {AddressScript.ENGLISH: address.english, AddressScript.CHINESE: address.chinese}
    written: dict[str, Any] = {
        _FREE: [
            {"LanguageCode": _LANGUAGE_CODES[script]}
            | {f"AddressLine{number}": line for number, line in enumerate(lines, start=1)}
            for script, lines in both.items()
            if lines
        ]
    }
    if address.district is not None:
        written["DcDistrict"] = f"{address.district.english.upper()} DISTRICT"
    return written


def _free(members: Mapping[str, Any]) -> FreeFormatAddress:
    _only(members, {_FREE, "DcDistrict"})
    written = members[_FREE]
    if not isinstance(written, list) or len(written) > len(AddressScript):
        raise MalformedInput("address_malformed", field="lines")
    lines: dict[str, tuple[str, ...]] = {}
    for one in written:
        part = _object(one)
        code = _text(part.get("LanguageCode"))
        if code in lines or code not in _LANGUAGE_CODES.values():
            raise MalformedInput("address_malformed", field="lines")
        lines[code] = _numbered(part)
    district = members.get("DcDistrict")
    return FreeFormatAddress(
        english=lines.get("en", ()),
        chinese=lines.get("zh", ()),
        district=None if district is None else District.parse(_text(district)),
    )


def _numbered(part: Mapping[str, Any]) -> tuple[str, ...]:
    """The lines, which are numbered from one without a gap."""
    count = len(part) - 1
    names = [f"AddressLine{number}" for number in range(1, min(count, MOST_LINES + 1) + 1)]
    _only(part, {"LanguageCode", *names})
    return tuple(_text(part.get(name)) for name in names)


def _in_chinese(region: Region) -> str:
    return region.name_in(Language.TRADITIONAL)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedInput("address_malformed", field="address")
    return value


def _only(members: Mapping[str, Any], known: Any) -> Mapping[str, Any]:
    if not set(members) <= set(known):
        raise MalformedInput("address_member_unknown", field="address")
    return members


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise MalformedInput("address_malformed", field="address")
    return value
