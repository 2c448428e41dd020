"""Addresses: rules, lines in both languages, the OpenID Connect claim."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.identity import (
    AddressScript,
    District,
    FreeFormatAddress,
    Language,
    PostOfficeBox,
    Premises,
    PremisesAddress,
    Region,
    address_as_json,
    address_claim,
    address_in_lines,
    parse_address,
    parse_address_text,
)
from hkeid.kernel.errors import MalformedInput

ENGLISH, CHINESE = AddressScript.ENGLISH, AddressScript.CHINESE

# As the Address Lookup Service answers, with storey and flat, which it leaves to the form.
AS_LOOKED_UP: dict[str, Any] = {
    "EngPremisesAddress": {
        "BuildingName": "LUNG ON HOUSE",
        "EngEstate": {"EstateName": "SPECIMEN ESTATE", "EngPhase": {"PhaseNo": "2"}},
        "EngStreet": {"StreetName": "CHING TAK STREET", "BuildingNoFrom": "8"},
        "EngDistrict": {"DcDistrict": "SHAM SHUI PO DISTRICT"},
        "Region": "KLN",
        "Eng3dAddress": {"EngFloor": {"FloorNum": "12"}, "EngUnit": {"UnitNo": "A"}},
    },
    "ChiPremisesAddress": {
        "BuildingName": "龍安樓",
        "ChiEstate": {"EstateName": "樣本邨", "ChiPhase": {"PhaseNo": "2"}},
        "ChiStreet": {"StreetName": "正德街", "BuildingNoFrom": "8"},
        "ChiDistrict": {"DcDistrict": "深水埗區"},
        "Region": "九龍",
        "Chi3dAddress": {"ChiFloor": {"FloorNum": "12"}, "ChiUnit": {"UnitNo": "A"}},
    },
}


def test_the_lookup_services_answer_is_read_and_written_unchanged() -> None:
    address = parse_address(AS_LOOKED_UP)
    assert address_as_json(address) == AS_LOOKED_UP
    assert address.district is District.SHAM_SHUI_PO


def test_english_begins_with_the_flat_and_chinese_with_the_region() -> None:
    address = parse_address(AS_LOOKED_UP)
    assert address_in_lines(address, ENGLISH) == (
        "Flat A, 12/F",
        "LUNG ON HOUSE, Phase 2, SPECIMEN ESTATE",
        "8 CHING TAK STREET",
        "Sham Shui Po, Kowloon",
    )
    assert address_in_lines(address, CHINESE) == (
        "九龍深水埗區",
        "正德街8號",
        "樣本邨第2期龍安樓",
        "12樓A室",
    )


def test_the_claim_has_no_postal_code() -> None:
    address = parse_address(AS_LOOKED_UP)
    assert address_claim(address, ENGLISH) == {
        "formatted": "Flat A, 12/F\nLUNG ON HOUSE, Phase 2, SPECIMEN ESTATE\n8 CHING TAK STREET\n"
        "Sham Shui Po, Kowloon",
        "street_address": "Flat A, 12/F\nLUNG ON HOUSE, Phase 2, SPECIMEN ESTATE\n8 CHING TAK STREET",
        "locality": "Sham Shui Po",
        "region": "Kowloon",
        "country": "HK",
    }


def test_a_language_that_is_not_there_is_not_made_up() -> None:
    only = parse_address({"ChiPremisesAddress": AS_LOOKED_UP["ChiPremisesAddress"]})
    assert address_in_lines(only, ENGLISH) == ()
    assert address_claim(only, ENGLISH) is None


def test_a_lot_in_the_new_territories() -> None:
    english = Premises(
        district=District.YUEN_LONG,
        sub_district="Kam Tin",
        village="Specimen Tsuen",
        village_number="7",
        block_descriptor="Tower",
        block_number="3",
        floor="G",
        dd_number="103",
        lot_number="456",
        lot_section="S.A",
        lot_portion="RP",
    )
    chinese = Premises(
        district=District.YUEN_LONG,
        sub_district="錦田",
        village="樣本村",
        village_number="7",
        floor="G",
        dd_number="103",
        lot_number="456",
        lot_section="A分段",
        lot_portion="餘段",
    )
    address = PremisesAddress(english=english, chinese=chinese)
    assert address_in_lines(address, ENGLISH) == (
        "G/F, Tower 3",
        "7 Specimen Tsuen",
        "Lot 456 S.A RP in DD 103",
        "Kam Tin, New Territories",
    )
    assert address_in_lines(address, CHINESE) == (
        "新界元朗區錦田",
        "丈量約份第103約地段第456號A分段餘段",
        "樣本村7號",
        "地下",
    )
    assert parse_address(address_as_json(address)) == address


def test_a_post_office_box_tells_no_district() -> None:
    box = PostOfficeBox(
        number="1234", region=Region.KOWLOON, english="Specimen Post Office", chinese="樣本郵政局"
    )
    assert address_in_lines(box, ENGLISH) == ("P.O. Box 1234", "Specimen Post Office", "Kowloon")
    assert address_in_lines(box, CHINESE) == ("九龍", "樣本郵政局", "郵政信箱1234號")
    assert box.district is None
    assert parse_address(address_as_json(box)) == box


def test_free_format_stays_as_it_was_written() -> None:
    free = FreeFormatAddress(english=("Flat A", "8 Some Street"), district=District.ISLANDS)
    assert address_in_lines(free, ENGLISH) == ("Flat A", "8 Some Street")
    assert address_in_lines(free, CHINESE) == ()
    assert address_claim(free, ENGLISH) == {
        "formatted": "Flat A\n8 Some Street",
        "street_address": "Flat A\n8 Some Street",
        "locality": "Islands",
        "region": "New Territories",
        "country": "HK",
    }
    assert parse_address(address_as_json(free)) == free


def test_eighteen_districts_in_three_regions() -> None:
    assert len(District) == 18
    assert {district.region for district in District} == set(Region)
    for district in District:
        for language in Language:
            assert District.parse(district.name_in(language)) is district
        assert District.parse(f"{district.english.upper()} DISTRICT") is district
        assert District.parse(district.code) is district


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"floor": ""}, "address_part_malformed"),
        ({"floor": " 1"}, "address_part_malformed"),
        ({"floor": "1" * 21}, "address_part_malformed"),
        ({"building": "x" * 121}, "address_part_malformed"),
        ({"building": "A\u202eB"}, "address_characters_not_allowed"),
        ({"building": "A\nB"}, "address_characters_not_allowed"),
        ({"building": "A\u2028B"}, "address_characters_not_allowed"),
        ({"village_number": "3"}, "address_number_without_name"),
        ({"street": None}, "address_incomplete"),
    ],
)
def test_premises_that_are_none(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        Premises(**{"district": District.NORTH, "street": "Some Street", **more})
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "address_malformed"),
        ([], "address_malformed"),
        ({}, "address_empty"),
        ({"PostalCode": "999077"}, "address_member_unknown"),
        ({"EngPremisesAddress": "8 Some Street"}, "address_malformed"),
        ({"EngPremisesAddress": {"EngStreet": {"StreetName": "X"}}}, "address_district_unknown"),
        (
            {
                "EngPremisesAddress": {
                    "Region": "HK",
                    "EngDistrict": {"DcDistrict": "SHA TIN"},
                    "BuildingName": "X",
                }
            },
            "address_region_wrong",
        ),
        (
            {
                "EngPremisesAddress": {
                    "EngDistrict": {"DcDistrict": "SHA TIN"},
                    "ChiStreet": {"StreetName": "X"},
                }
            },
            "address_member_unknown",
        ),
        (
            {
                "EngPremisesAddress": {
                    "EngDistrict": {"DcDistrict": "SHA TIN"},
                    "EngStreet": {"StreetName": {"Deeper": {"Still": "X"}}},
                }
            },
            "address_malformed",
        ),
        ({"FreeFormatAddress": []}, "address_empty"),
        ({"FreeFormatAddress": [{"LanguageCode": "fr"}]}, "address_malformed"),
        (
            {"FreeFormatAddress": [{"LanguageCode": "en", "AddressLine2": "X"}]},
            "address_member_unknown",
        ),
        (
            {
                "FreeFormatAddress": [
                    {"LanguageCode": "en"} | {f"AddressLine{number}": "X" for number in range(1, 5)}
                ]
            },
            "address_too_many_lines",
        ),
        ({"PostBoxAddress": {}}, "address_malformed"),
        (
            {
                "PostBoxAddress": {
                    "EngPostBox": {"PoBoxNo": "1", "PostOffice": "X", "PostOfficeRegion": "NT"},
                    "ChiPostBox": {"PoBoxNo": "2", "PostOffice": "X", "PostOfficeRegion": "新界"},
                }
            },
            "address_malformed",
        ),
    ],
)
def test_json_that_is_no_address(value: object, reason: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        parse_address(value)
    assert caught.value.reason == reason


def test_both_languages_mean_one_place() -> None:
    with pytest.raises(MalformedInput, match="address_districts_differ"):
        PremisesAddress(
            english=Premises(district=District.NORTH, street="X"),
            chinese=Premises(district=District.TAI_PO, street="X"),
        )


def test_text_is_bounded_before_it_is_parsed() -> None:
    with pytest.raises(MalformedInput, match="address_too_long"):
        parse_address_text("[" * 100_000)


def test_no_address_prints_itself() -> None:
    address = parse_address(AS_LOOKED_UP)
    box = PostOfficeBox(number="1234", region=Region.KOWLOON, english="Specimen")
    free = FreeFormatAddress(english=("Specimen",))
    for secret in ("LUNG", "1234", "Specimen"):
        assert secret not in repr((address, box, free))
