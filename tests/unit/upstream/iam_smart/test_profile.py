"""Profile and e-ME fields as attributes."""

from __future__ import annotations

import pytest

from hkeid.testing.iam_smart_simulator.accounts import fields_of
from hkeid.testing.personas import PERSONAS
from hkeid.upstream import UpstreamFailed
from hkeid.upstream.iam_smart.profile import (
    EME_FIELDS,
    PROFILE_FIELDS,
    default_mapping,
    read_profile,
)

EVERYTHING = PROFILE_FIELDS | EME_FIELDS


@pytest.mark.parametrize("persona", list(PERSONAS))
def test_every_persona_is_read_and_mapped(persona: str) -> None:
    """Partial birth dates, no Chinese name, two-letter numbers included."""
    who = PERSONAS[persona]
    found = read_profile(fields_of(who), EVERYTHING)
    claims = default_mapping().apply(found)
    assert claims.first("hkic_number") == who.hkic_number.reveal()
    assert claims.first("name") == who.name.english
    assert claims.first("birthdate") == who.born.claim()
    assert claims.first("name#zh-Hant-HK") == who.name.chinese


def test_only_what_was_asked_for_comes_through() -> None:
    who = fields_of(PERSONAS["chan-tai-man"])
    assert set(read_profile(who, ["enName"])) == {"enName"}
    assert set(read_profile({**who, "password": "x"}, ["enName", "password"])) == {"enName"}
    assert dict(read_profile({}, EVERYTHING)) == {}


def test_a_chinese_name_is_verified_only_where_iam_smart_says_so() -> None:
    found = read_profile({"chName": {"ChineseName": "陳大文"}}, ["chName"])
    assert found.first("chName") == "陳大文"
    assert "name#zh-Hant-HK" not in default_mapping().apply(found)


def test_addresses_become_one_line_from_small_to_large() -> None:
    premises = {
        "EngPremisesAddress": {
            "Region": "HK",
            "EngDistrict": {"DcDistrict": "Wan Chai"},
            "EngStreet": {"StreetName": "Sample Street", "BuildingNoFrom": "1"},
            "Eng3dAddress": {"EngUnit": {"UnitDescriptor": "Flat", "UnitNo": "A"}},
        }
    }
    found = read_profile({"postalAddress": premises}, ["postalAddress"])
    assert found.first("postalAddress") == "A, Flat, 1, Sample Street, Wan Chai, HK"


@pytest.mark.parametrize(
    ("content", "reason", "field"),
    [
        ({"idNo": {"Identification": "Q000101", "CheckDigit": "2"}}, "profile_number_wrong", None),
        ({"idNo": {"Identification": "123", "CheckDigit": "2"}}, "profile_number_wrong", None),
        ({"idNo": "Q000101(1)"}, "profile_field_malformed", "idNo"),
        ({"idNo": {"Identification": 7}}, "profile_field_malformed", "idNo"),
        ({"enName": "CHAN"}, "profile_field_malformed", "enName"),
        ({"enName": {"UnstructuredName": "x" * 3_000}}, "profile_field_malformed", "enName"),
        ({"gender": ["M"]}, "profile_field_malformed", "gender"),
        (
            {"mobileNumber": {"SubscriberNumber": "call me"}},
            "profile_field_malformed",
            "mobileNumber",
        ),
        (
            {"mobileNumber": {"SubscriberNumber": "9" * 20}},
            "profile_field_malformed",
            "mobileNumber",
        ),
        ({"mobileNumber": "55550101"}, "profile_field_malformed", "mobileNumber"),
        ({"residentialAddress": ["a"]}, "profile_field_malformed", "residentialAddress"),
        ({"residentialAddress": {"a": 7}}, "profile_field_malformed", "residentialAddress"),
    ],
)
def test_fields_of_another_shape_are_refused(
    content: dict[str, object], reason: str, field: str | None
) -> None:
    with pytest.raises(UpstreamFailed) as caught:
        read_profile(content, EVERYTHING)
    assert caught.value.reason == reason
    assert getattr(caught.value, "field", None) == field
    assert "Q000101" not in str(caught.value)


def test_an_address_as_deep_as_a_well_is_refused() -> None:
    deep: dict[str, object] = {"a": "x"}
    for _ in range(20):
        deep = {"a": deep}
    with pytest.raises(UpstreamFailed):
        read_profile({"postalAddress": deep}, EVERYTHING)
