"""Claims made of the resident's own profile (e-ME).

``address`` and ``postal_address`` have the form of OpenID Connect Core §5.1.1, in Chinese with a language
tag (§5.2); ``hk_address`` and ``hk_postal_address`` hold the same by the parts of the Address Lookup
Service. ``phone_number_verified`` is left out: nobody proves telephone numbers here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hkeid.identity.address import AddressScript
from hkeid.identity.address_json import parse_address
from hkeid.identity.address_lines import address_claim
from hkeid.identity.language import Language, labels
from hkeid.profile.claims.definition import ClaimDefinition, Texts, claim
from hkeid.profile.claims.values import profile_value, shown_value
from hkeid.profile.eme.fields import EME_FIELDS

_TAGS: Final = {AddressScript.ENGLISH: "", AddressScript.CHINESE: "#zh-Hant-HK"}


def _as_kept(name: str, field: str) -> Callable[[Texts], dict[str, Any]]:
    def render(texts: Texts) -> dict[str, Any]:
        value = profile_value(field, texts)
        return {} if value is None else {name: value}

    return render


def _address(name: str, field: str) -> Callable[[Texts], dict[str, Any]]:
    def render(texts: Texts) -> dict[str, Any]:
        kept = profile_value(field, texts)
        if kept is None:
            return {}
        address = parse_address(kept)
        forms = {f"{name}{tag}": address_claim(address, script) for script, tag in _TAGS.items()}
        return {wire: form for wire, form in forms.items() if form is not None}

    return render


def _email(texts: Texts) -> dict[str, Any]:
    kept = profile_value("email", texts)
    if kept is None:
        return {}
    proved = {"email_verified": True} if kept["proved"] else {}
    return {"email": kept["address"], **proved}


def _shown(field: str) -> Callable[[Texts, Language], str | None]:
    def show(texts: Texts, language: Language) -> str | None:
        return shown_value(field, texts, language)

    return show


def _of(
    name: str, field: str, render: Callable[[Texts], dict[str, Any]] | None = None
) -> ClaimDefinition:
    """A claim that is called as its field is."""
    known = EME_FIELDS[field]
    return claim(name, known.label, (known.sealed,), render or _as_kept(name, field), _shown(field))


def _structured(name: str, field: str) -> ClaimDefinition:
    known = EME_FIELDS[field]
    label = {
        Language.ENGLISH: f"{known.label[Language.ENGLISH]}, by its parts",
        Language.TRADITIONAL: f"{known.label[Language.TRADITIONAL]}（分項）",
        Language.SIMPLIFIED: f"{known.label[Language.SIMPLIFIED]}（分项）",
    }
    return claim(
        name,
        labels(*(label[language] for language in Language)),
        (known.sealed,),
        _as_kept(name, field),
        _shown(field),
    )


OF_PROFILE: Final = (
    _of("former_name", "former_name"),
    _of("also_known_as", "alias"),
    _of("address", "residential_address", _address("address", "residential_address")),
    _structured("hk_address", "residential_address"),
    _of("postal_address", "postal_address", _address("postal_address", "postal_address")),
    _structured("hk_postal_address", "postal_address"),
    _of("phone_number", "mobile_telephone"),
    _of("home_phone_number", "home_telephone"),
    _of("office_phone_number", "office_telephone"),
    _of("email", "email", _email),
    _of("marital_status", "marital_status"),
    _of("education_level", "education_level"),
    _of("address_document", "address_document"),
)
"""Every claim that the profile gives."""
