"""Claims made of the resident's own profile: as they go out, and as the resident sees them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hkeid.identity import Language, parse_address
from hkeid.kernel.errors import MalformedInput
from hkeid.profile import CLAIMS, EME_FIELDS, EmeValue, Source
from hkeid.profile.claims import base_names, render
from hkeid.residents.fields import sealed_by_name
from hkeid.saml.idp.attributes import attributes

NOW = datetime(2026, 11, 28, 16, 0, tzinfo=UTC)
HOME = {
    "EngPremisesAddress": {
        "Region": "KLN",
        "EngDistrict": {"DcDistrict": "SHAM SHUI PO DISTRICT"},
        "EngStreet": {"StreetName": "SPECIMEN STREET", "BuildingNoFrom": "8"},
    },
    "ChiPremisesAddress": {
        "Region": "九龍",
        "ChiDistrict": {"DcDistrict": "深水埗區"},
        "ChiStreet": {"StreetName": "樣本街", "BuildingNoFrom": "8"},
    },
}
BOX = {
    "PostBoxAddress": {
        "EngPostBox": {"PoBoxNo": "12", "PostOffice": "SPECIMEN", "PostOfficeRegion": "NT"}
    }
}
SAID: dict[str, Any] = {
    "former_name": "WONG, Siu Ming",
    "alias": "CHAN, Peter",
    "residential_address": HOME,
    "postal_address": BOX,
    "mobile_telephone": "9123 4567",
    "home_telephone": "2123 4567",
    "office_telephone": "+44 20 7946 0018",
    "email": {"address": "tai-man@mail.example.hk", "proved": True},
    "marital_status": "married",
    "education_level": "degree",
    "address_document": {
        "kind": "utility_bill",
        "issuer": "Specimen Power",
        "issued_on": "2026-10-01",
    },
}


def kept(name: str, value: object) -> str:
    read = EME_FIELDS[name].read(value)
    return EmeValue(value=read, source=Source.SELF, kept_at=NOW).text()


TEXTS = {EME_FIELDS[name].sealed: kept(name, value) for name, value in SAID.items()}
OF_PROFILE = tuple(
    name
    for name, claim in CLAIMS.items()
    if any(field.startswith("eme_") for field in claim.fields)
)


def test_every_field_is_declared_and_tried_here() -> None:
    assert set(SAID) == set(EME_FIELDS)
    assert {field.sealed for field in EME_FIELDS.values()} <= sealed_by_name()
    told = {field for claim in CLAIMS.values() for field in claim.fields}
    assert {field.sealed for field in EME_FIELDS.values()} <= told


def test_as_they_go_out() -> None:
    assert render(OF_PROFILE, OF_PROFILE, TEXTS, NOW) == {
        "address_district": "Sham Shui Po",
        "address_district#zh-Hant-HK": "深水埗區",
        "former_name": "WONG, Siu Ming",
        "also_known_as": "CHAN, Peter",
        "address": {
            "formatted": "8 SPECIMEN STREET\nSham Shui Po, Kowloon",
            "street_address": "8 SPECIMEN STREET",
            "locality": "Sham Shui Po",
            "region": "Kowloon",
            "country": "HK",
        },
        "address#zh-Hant-HK": {
            "formatted": "九龍深水埗區\n樣本街8號",
            "street_address": "樣本街8號",
            "locality": "深水埗區",
            "region": "九龍",
            "country": "HK",
        },
        "hk_address": HOME,
        "postal_address": {
            "formatted": "P.O. Box 12\nSPECIMEN\nNew Territories",
            "street_address": "P.O. Box 12\nSPECIMEN",
            "region": "New Territories",
            "country": "HK",
        },
        "hk_postal_address": BOX,
        "phone_number": "+85291234567",
        "home_phone_number": "+85221234567",
        "office_phone_number": "+442079460018",
        "email": "tai-man@mail.example.hk",
        "email_verified": True,
        "marital_status": "married",
        "education_level": "degree",
        "address_document": SAID["address_document"],
    }


def test_an_address_that_nobody_proved_is_not_called_verified() -> None:
    unproved = kept("email", {"address": "a@b.example.hk", "proved": False})
    assert CLAIMS["email"].render({"eme_email": unproved}, NOW) == {"email": "a@b.example.hk"}


def test_email_verified_is_told_with_email_alone() -> None:
    assert base_names(["email_verified"]) == ()
    assert render(["email_verified"], ["email"], TEXTS, NOW) == {}


@pytest.mark.parametrize("claim", OF_PROFILE)
@pytest.mark.parametrize("language", list(Language))
def test_everything_that_is_sent_is_shown(claim: str, language: Language) -> None:
    shown = CLAIMS[claim].show(TEXTS, language, NOW)
    assert shown
    assert CLAIMS[claim].show({}, language, NOW) is None
    if claim in ("address", "hk_address"):
        assert set(shown.split("  ")) == {
            "8 SPECIMEN STREET, Sham Shui Po, Kowloon",
            "九龍深水埗區樣本街8號",
        }


def test_a_post_office_box_is_nobodys_home() -> None:
    with pytest.raises(MalformedInput, match="address_box_not_residential"):
        EME_FIELDS["residential_address"].read(BOX)
    assert EME_FIELDS["postal_address"].read(BOX) == BOX


def test_services_by_saml_get_the_same() -> None:
    released = render(OF_PROFILE, OF_PROFILE, TEXTS, NOW)
    made = {one.friendly_name: one.values for one in attributes(released)}
    assert made["mail"] == ("tai-man@mail.example.hk",)
    assert made["telephoneNumber"] == ("+85291234567",)
    assert made["address"] == (
        "8 SPECIMEN STREET\nSham Shui Po, Kowloon",
        "九龍深水埗區\n樣本街8號",
    )
    assert parse_address_of(made["hk_address"][0]) == parse_address(HOME)
    assert made["email_verified"] == ("true",)


def parse_address_of(text: str) -> object:
    from hkeid.identity import parse_address_text

    return parse_address_text(text)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("former_name", "", "name_empty_or_padded"),
        ("former_name", 7, "eme_value_malformed"),
        ("alias", "A\u202eB", "name_characters_not_allowed"),
        ("mobile_telephone", "2123 4567", "telephone_not_mobile"),
        ("home_telephone", "x", "telephone_malformed"),
        ("email", "a@b.example.hk", "eme_value_malformed"),
        ("email", {"address": "a", "proved": True}, "email_malformed"),
        ("email", {"address": "a@b.example.hk", "proved": 1}, "eme_value_malformed"),
        ("marital_status", "M", "marital_status_unknown"),
        ("education_level", [], "eme_value_malformed"),
        ("address_document", {}, "eme_value_malformed"),
        (
            "address_document",
            {"kind": "bill", "issuer": "X", "issued_on": "2026-10-01"},
            "address_document_kind_unknown",
        ),
        (
            "address_document",
            {"kind": "utility_bill", "issuer": " ", "issued_on": "2026-10-01"},
            "address_document_issuer_malformed",
        ),
        (
            "address_document",
            {"kind": "utility_bill", "issuer": "X", "issued_on": "20261001"},
            "address_document_date_malformed",
        ),
    ],
)
def test_what_a_field_refuses(field: str, value: object, reason: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        EME_FIELDS[field].read(value)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"v":1,"s":"hearsay","t":1}', '{"v":1,"s":"self","t":"x"}']
)
def test_a_text_that_is_no_value(text: str) -> None:
    with pytest.raises(MalformedInput):
        EmeValue.of_text(text)


def test_values_do_not_print_themselves() -> None:
    value = EmeValue(value="CHAN, Peter", source=Source.SELF, kept_at=NOW)
    assert repr(value) == "EmeValue(source='self')"
    assert EmeValue.of_text(value.text()) == value
