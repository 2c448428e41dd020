"""Forms of the profile's fields: from what was typed to a value, and from a value to what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hkeid.identity import (
    Address,
    AddressDocumentKind,
    AddressScript,
    District,
    EducationLevel,
    FreeFormatAddress,
    Language,
    MaritalStatus,
    PostOfficeBox,
    Premises,
    PremisesAddress,
    Region,
    address_as_json,
    parse_address,
)
from hkeid.kernel.errors import MalformedInput

Typed = Mapping[str, str]
"""What was typed, by the names of the form's inputs."""

KINDS: Final = {
    "former_name": "name",
    "alias": "name",
    "residential_address": "address",
    "postal_address": "address",
    "mobile_telephone": "telephone",
    "home_telephone": "telephone",
    "office_telephone": "telephone",
    "email": "email",
    "marital_status": "choice",
    "education_level": "choice",
    "address_document": "document",
}
"""What form a field has."""

CHOICES: Final[Mapping[str, type[MaritalStatus | EducationLevel | AddressDocumentKind]]] = {
    "marital_status": MaritalStatus,
    "education_level": EducationLevel,
    "address_document": AddressDocumentKind,
}

ADDRESS_FORMS: Final = {
    "residential_address": ("parts", "lines"),
    "postal_address": ("parts", "lines", "box"),
}
PARTS: Final = (
    "unit_number", "floor", "block_number", "building", "estate", "phase_number", "street_number",
    "street", "village_number", "village", "sub_district", "dd_number", "lot_number",
)  # fmt: skip
"""Parts of premises that the form asks for, in the order of an address in English."""
LINES: Final = ("line1", "line2", "line3")
_PREFIX: Final = {AddressScript.ENGLISH: "en", AddressScript.CHINESE: "zh"}


class FormError(MalformedInput):
    """Something typed is no value; ``field`` is the id of the input at fault."""


def value_of(name: str, typed: Typed, form: str = "parts") -> Any:
    """The value that was typed, in the JSON of its field; the field itself judges it.

    :param form: of an address, a word of :data:`ADDRESS_FORMS`.
    :raises FormError: an address does not hold together.
    """
    match KINDS[name]:
        case "address":
            return address_as_json(_ADDRESSES[form](typed))
        case "document":
            return {part: typed.get(part, "").strip() for part in ("kind", "issuer", "issued_on")}
        case _:
            return typed.get("value", "")


def typed_of(name: str, value: Any) -> tuple[str, dict[str, str]]:
    """The form that shows a value, and what stands in it."""
    match KINDS[name]:
        case "address":
            return _typed_address(parse_address(value))
        case "document":
            return "parts", dict(value)
        case "email":
            return "parts", {"value": value["address"]}
        case _:
            return "parts", {"value": value}


def choices_of(name: str, language: Language) -> tuple[tuple[str, str], ...]:
    """Codes that may be chosen, with what they are called."""
    codes = CHOICES.get(name)
    return () if codes is None else tuple((code.value, code.label(language)) for code in codes)


def districts(language: Language) -> tuple[tuple[str, str], ...]:
    """Districts, region after region."""
    return tuple((one.code, one.name_in(language)) for one in District)


def regions(language: Language) -> tuple[tuple[str, str], ...]:
    """Regions."""
    return tuple((one.value, one.name_in(language)) for one in Region)


def _premises_address(typed: Typed) -> Address:
    district = _district(typed)
    if district is None:
        raise FormError("address_district_unknown", field="district")
    written = {script: _premises(typed, district, script) for script in AddressScript}
    english, chinese = (written[script] for script in AddressScript)
    if english is None and chinese is None:
        raise FormError("address_empty", field="en_street")
    return PremisesAddress(english=english, chinese=chinese)


def _premises(typed: Typed, district: District, script: AddressScript) -> Premises | None:
    prefix = _PREFIX[script]
    parts = {part: typed.get(f"{prefix}_{part}", "").strip() for part in PARTS}
    given = {part: text for part, text in parts.items() if text}
    if not given:
        return None
    try:
        return Premises(district=district, **given)
    except MalformedInput as error:
        raise FormError(error.reason, field=f"{prefix}_{error.field}") from None


def _free_address(typed: Typed) -> Address:
    lines = {
        prefix: tuple(text for line in LINES if (text := typed.get(f"{prefix}_{line}", "").strip()))
        for prefix in _PREFIX.values()
    }
    try:
        return FreeFormatAddress(
            english=lines["en"], chinese=lines["zh"], district=_district(typed)
        )
    except MalformedInput as error:
        if error.field == "district":
            raise
        prefix = "en" if lines["en"] or not lines["zh"] else "zh"
        raise FormError(error.reason, field=f"{prefix}_line1") from None


def _box(typed: Typed) -> Address:
    number = typed.get("box_number", "").strip()
    offices = {prefix: typed.get(f"{prefix}_office", "").strip() for prefix in ("en", "zh")}
    try:
        region = Region(typed.get("region", ""))
    except ValueError:
        raise FormError("address_region_unknown", field="region") from None
    try:
        return PostOfficeBox(
            number=number,
            region=region,
            english=offices["en"] or None,
            chinese=offices["zh"] or None,
        )
    except MalformedInput as error:
        at_fault = "box_number" if error.field == "box_number" else "en_office"
        raise FormError(error.reason, field=at_fault) from None


def _district(typed: Typed) -> District | None:
    code = typed.get("district", "")
    if not code:
        return None
    try:
        return District.parse(code)
    except MalformedInput as error:
        raise FormError(error.reason, field="district") from None


_ADDRESSES: Final[Mapping[str, Callable[[Typed], Address]]] = {
    "parts": _premises_address,
    "lines": _free_address,
    "box": _box,
}


def _typed_address(address: Address) -> tuple[str, dict[str, str]]:
    district = {} if address.district is None else {"district": address.district.code}
    match address:
        case PremisesAddress():
            both = {script: address.written_in(script) for script in AddressScript}
            return "parts", district | {
                f"{_PREFIX[script]}_{part}": text
                for script, premises in both.items()
                if premises is not None
                for part in PARTS
                if (text := getattr(premises, part)) is not None
            }
        case FreeFormatAddress():
            lines = {"en": address.english, "zh": address.chinese}
            return "lines", district | {
                f"{prefix}_{line}": text
                for prefix, texts in lines.items()
                for line, text in zip(LINES, texts, strict=False)
            }
        case PostOfficeBox():
            return "box", {
                "box_number": address.number,
                "region": address.region.value,
                "en_office": address.english or "",
                "zh_office": address.chinese or "",
            }
