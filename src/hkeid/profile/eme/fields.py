"""The fields of the profile: what each is called, what may stand in it, how it is shown to its owner.

The fields of iAM Smart's e-ME. Particulars that registration proves - name, number, date of birth, sex -
are none of them: the resident cannot edit those. Of a document that proves an address its kind, issuer
and date are kept, never the document: a file among the sealed fields would be read with every
disclosure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from hkeid.identity.address import AddressScript, PostOfficeBox
from hkeid.identity.address_json import address_as_json, parse_address
from hkeid.identity.address_lines import address_in_lines
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.characters import characters_allowed
from hkeid.identity.code_lists import AddressDocumentKind, EducationLevel, MaritalStatus
from hkeid.identity.email_address import parse_email
from hkeid.identity.language import Language, labels
from hkeid.identity.names import check_name
from hkeid.identity.telephone import TelephoneNumber
from hkeid.kernel.errors import MalformedInput
from hkeid.profile.display import shown_birth_date

_LONGEST_ISSUER: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class EmeField:
    """One field.

    :ivar name: ``residential_address``; the sealed field is called ``eme_residential_address``.
    :ivar read: the one form of a value in JSON, from what was said; raises
        :class:`~hkeid.kernel.errors.MalformedInput`.
    :ivar show: a value for its owner's eyes, each of its forms by itself.
    """

    name: str
    label: Mapping[Language, str]
    read: Callable[[object], Any]
    show: Callable[[Any, Language], tuple[str, ...]]

    @property
    def sealed(self) -> str:
        """Its name among the personal fields."""
        return f"eme_{self.name}"


def _text(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise MalformedInput("eme_value_malformed", field=field)
    return value


def _name(value: object) -> str:
    name = " ".join(_text(value, "name").split())
    check_name(name, "name")
    return name


def _address(value: object) -> dict[str, Any]:
    return address_as_json(parse_address(value))


def _residence(value: object) -> dict[str, Any]:
    address = parse_address(value)
    if isinstance(address, PostOfficeBox):
        raise MalformedInput("address_box_not_residential", field="address")
    return address_as_json(address)


def _telephone(value: object) -> str:
    return TelephoneNumber.parse(_text(value, "telephone")).e164


def _mobile(value: object) -> str:
    number = TelephoneNumber.parse(_text(value, "telephone"))
    if not number.may_be_mobile:
        raise MalformedInput("telephone_not_mobile", field="telephone")
    return number.e164


def _email(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != {"address", "proved"}:
        raise MalformedInput("eme_value_malformed", field="email")
    if not isinstance(value["proved"], bool):
        raise MalformedInput("eme_value_malformed", field="email")
    return {"address": parse_email(_text(value["address"], "email")), "proved": value["proved"]}


def _document(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or set(value) != {"kind", "issuer", "issued_on"}:
        raise MalformedInput("eme_value_malformed", field="address_document")
    issuer = " ".join(_text(value["issuer"], "issuer").split())
    if not issuer or len(issuer) > _LONGEST_ISSUER or not characters_allowed(issuer):
        raise MalformedInput("address_document_issuer_malformed", field="issuer")
    written = _text(value["issued_on"], "issued_on")
    try:
        issued = date.fromisoformat(written)
    except ValueError:
        raise MalformedInput("address_document_date_malformed", field="issued_on") from None
    if issued.isoformat() != written or issued.year < 1900:
        raise MalformedInput("address_document_date_malformed", field="issued_on")
    kind = AddressDocumentKind.parse(_text(value["kind"], "kind"))
    return {"kind": kind.value, "issuer": issuer, "issued_on": written}


def _show_text(value: Any, language: Language) -> tuple[str, ...]:
    del language
    return (value,)


def _show_address(value: Any, language: Language) -> tuple[str, ...]:
    address = parse_address(value)
    english = ", ".join(address_in_lines(address, AddressScript.ENGLISH))
    chinese = "".join(address_in_lines(address, AddressScript.CHINESE))
    both = (english, chinese) if language is Language.ENGLISH else (chinese, english)
    return tuple(form for form in both if form)


def _show_telephone(value: Any, language: Language) -> tuple[str, ...]:
    del language
    return (TelephoneNumber.parse(value).shown(),)


def _show_email(value: Any, language: Language) -> tuple[str, ...]:
    del language
    return (value["address"],)


def _show_document(value: Any, language: Language) -> tuple[str, ...]:
    issued = shown_birth_date(BirthDate.parse(value["issued_on"]), language)
    kind = AddressDocumentKind.parse(value["kind"]).label(language)
    comma = ", " if language is Language.ENGLISH else "，"
    return (comma.join((kind, value["issuer"], issued)),)


_DEFINED: Final = (
    EmeField(
        name="former_name",
        label=labels("Former name", "曾用姓名", "曾用姓名"),
        read=_name,
        show=_show_text,
    ),
    EmeField(name="alias", label=labels("Alias", "別名", "别名"), read=_name, show=_show_text),
    EmeField(
        name="residential_address",
        label=labels("Residential address", "住址", "住址"),
        read=_residence,
        show=_show_address,
    ),
    EmeField(
        name="postal_address",
        label=labels("Postal address", "通訊地址", "通讯地址"),
        read=_address,
        show=_show_address,
    ),
    EmeField(
        name="mobile_telephone",
        label=labels("Mobile telephone", "流動電話", "手机"),
        read=_mobile,
        show=_show_telephone,
    ),
    EmeField(
        name="home_telephone",
        label=labels("Home telephone", "住宅電話", "住宅电话"),
        read=_telephone,
        show=_show_telephone,
    ),
    EmeField(
        name="office_telephone",
        label=labels("Office telephone", "辦公室電話", "办公室电话"),
        read=_telephone,
        show=_show_telephone,
    ),
    EmeField(
        name="email",
        label=labels("E-mail address", "電郵地址", "电邮地址"),
        read=_email,
        show=_show_email,
    ),
    EmeField(
        name="marital_status",
        label=labels("Marital status", "婚姻狀況", "婚姻状况"),
        read=lambda value: MaritalStatus.parse(_text(value, "marital_status")).value,
        show=lambda value, language: (MaritalStatus.parse(value).label(language),),
    ),
    EmeField(
        name="education_level",
        label=labels("Education level", "教育程度", "教育程度"),
        read=lambda value: EducationLevel.parse(_text(value, "education_level")).value,
        show=lambda value, language: (EducationLevel.parse(value).label(language),),
    ),
    EmeField(
        name="address_document",
        label=labels("Proof of address", "住址證明", "住址证明"),
        read=_document,
        show=_show_document,
    ),
)

EME_FIELDS: Mapping[str, EmeField] = MappingProxyType({field.name: field for field in _DEFINED})
"""Every field by name, in the order in which pages list them."""
