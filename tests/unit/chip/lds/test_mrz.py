"""DG1: the specimens of Doc 9303 parts 4 to 6, and what is no zone."""

from __future__ import annotations

from datetime import date

import pytest

from hkeid.chip.errors import CardMalformed
from hkeid.chip.lds.mrz import read_dg1, read_zone
from hkeid.testing.card_issuer.groups import check_digit
from hkeid.testing.der import tlv

TD1 = (
    "I<UTOD231458907<<<<<<<<<<<<<<<"
    "7408122F1204159UTO<<<<<<<<<<<6"
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"
)  # fmt: skip
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6"
TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"


@pytest.mark.parametrize(
    ("zone", "layout", "number"),
    [(TD1, "td1", "D23145890"), (TD2, "td2", "D23145890"), (TD3, "td3", "L898902C3")],
)
def test_the_specimens_of_doc_9303(zone: str, layout: str, number: str) -> None:
    found = read_zone(zone)
    assert found.layout == layout
    assert found.document_number == number
    assert found.issuing_state == found.nationality == "UTO"
    assert found.name == ("ERIKSSON", "ANNA MARIA")
    assert found.sex == "F"
    assert found.wrong_checks == ()
    assert not found.truncated
    assert found.birth_date(on=date(2026, 11, 28)) == date(1974, 8, 12)
    assert found.expiry_date() == date(2012, 4, 15)
    assert "ERIKSSON" not in repr(found)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (44 + 9, "document_number"),
        (44 + 19, "birth_date"),
        (44 + 27, "expiry_date"),
        (44 + 42, "optional"),
        (44 + 43, "composite"),
    ],
)
def test_every_check_digit_of_a_passport_is_checked(place: int, name: str) -> None:
    digit = str((int(TD3[place]) + 1) % 10)
    assert name in read_zone(TD3[:place] + digit + TD3[place + 1 :]).wrong_checks


@pytest.mark.parametrize(
    ("place", "name"),
    [(14, "document_number"), (36, "birth_date"), (44, "expiry_date"), (59, "composite")],
)
def test_every_check_digit_of_a_card_is_checked(place: int, name: str) -> None:
    digit = str((int(TD1[place]) + 1) % 10)
    assert name in read_zone(TD1[:place] + digit + TD1[place + 1 :]).wrong_checks


def test_a_long_number_goes_on_in_the_optional_data() -> None:
    """Doc 9303-5 §4.2.2: the check digit's place holds a filler, the rest follows with the digit."""
    number = "D23145890734"
    rest = number[9:] + check_digit(number)
    upper = "I<UTO" + number[:9] + "<" + rest.ljust(15, "<")
    middle = TD1[30:59]
    composite = check_digit(upper[5:30] + middle[0:7] + middle[8:15] + middle[18:29])
    found = read_zone(upper + middle + composite + TD1[60:])
    assert found.document_number == number
    assert found.wrong_checks == ()
    assert found.optional[0] == ""


def test_an_empty_personal_number_may_have_a_filler_as_its_check_digit() -> None:
    lower = "L898902C36UTO7408122F1204159<<<<<<<<<<<<<<<"
    composite = check_digit(lower[0:10] + lower[13:20] + lower[21:43])
    assert read_zone(TD3[:44] + lower + composite).wrong_checks == ()


def test_unknown_parts_of_a_birth_date_are_no_date() -> None:
    assert read_zone(TD1.replace("7408122", "74<<<<1")).birth_date(on=date(2026, 1, 1)) is None


def test_the_century_of_a_birth_date_is_the_last_possible() -> None:
    young = read_zone(TD1.replace("7408122", "2611271"))
    assert young.birth_date(on=date(2026, 11, 28)) == date(2026, 11, 27)
    assert young.birth_date(on=date(2026, 11, 26)) == date(1926, 11, 27)


@pytest.mark.parametrize("text", ["", TD1[:-1], TD1 + "<", TD1.lower(), TD1.replace("I<", "I ")])
def test_what_is_no_zone(text: str) -> None:
    with pytest.raises(CardMalformed) as caught:
        read_zone(text)
    assert caught.value.reason == "dg1_malformed"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        tlv(0x61),
        tlv(0x75, tlv(0x5F1F, TD1.encode())),
        tlv(0x61, tlv(0x5F1F, b"\xff" * 90)),
        tlv(0x61, tlv(0x5F1F, TD1.encode())) + b"\0",
    ],
)
def test_what_is_no_dg1(data: bytes) -> None:
    with pytest.raises(CardMalformed) as caught:
        read_dg1(data)
    assert caught.value.reason == "dg1_malformed"


def test_names_are_words() -> None:
    full = read_zone(TD1[:60] + "VAN<DER<MUSTER<<ANNA<MARIA<XYZ")
    assert full.name == ("VAN DER MUSTER", "ANNA MARIA XYZ")
    assert full.truncated
