"""What is printed on the card, as a key."""

from __future__ import annotations

from datetime import date

import pytest

from hkeid.chip import CardAccessNumber, MrzKey
from hkeid.chip.access import check_digit
from hkeid.kernel.errors import MalformedInput

# Doc 9303-4, -5 and -6: the specimens of the standard (Utopia).
TD3 = """
P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<
L898902C36UTO7408122F1204159ZE184226B<<<<<10
"""
TD1 = """
I<UTOD231458907<<<<<<<<<<<<<<<
7408122F1204159UTO<<<<<<<<<<<6
ERIKSSON<<ANNA<MARIA<<<<<<<<<<
"""
TD1_LONG = """
I<UTOD23145890<7349<<<<<<<<<<<
3407127M9507122UTO<<<<<<<<<<<2
STEVENSON<<PETER<JOHN<<<<<<<<<
"""
TD2 = """
I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<
D231458907UTO7408122F1204159<<<<<<<6
"""


@pytest.mark.parametrize(
    ("zone", "information"),
    [
        (TD3, "L898902C3674081221204159"),
        (TD1, "D23145890774081221204159"),
        (TD2, "D23145890774081221204159"),
        (TD1_LONG, "D23145890734934071279507122"),
    ],
)
def test_a_whole_zone(zone: str, information: str) -> None:
    assert MrzKey.from_mrz(zone).information == information


def test_dates_and_fillers() -> None:
    key = MrzKey("l898902c", date(1969, 8, 6), date(1994, 6, 23))
    assert key.information == "L898902C<369080619406236"
    assert key.matches("L898902C", "690806", "940623")
    assert not key.matches("L898902D", "690806", "940623")
    assert key.document_id == b"L898902C<3"
    assert MrzKey("A", "70<<<<", "300101").information.startswith("A<<<<<<<<")


@pytest.mark.parametrize(
    ("zone", "reason"),
    [
        ("", "mrz_malformed"),
        (TD3.replace("<", "?"), "mrz_malformed"),
        (TD3[:-5], "mrz_malformed"),
        (TD3.replace("L898902C3", "L898902C4"), "mrz_check_digit_wrong"),
        (TD1.replace("7408122F", "7408123F"), "mrz_check_digit_wrong"),
        (TD2.replace("1204159", "1204158"), "mrz_check_digit_wrong"),
    ],
)
def test_a_zone_that_is_wrong(zone: str, reason: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        MrzKey.from_mrz(zone)
    assert caught.value.reason == reason


@pytest.mark.parametrize("digits", ["", "12345", "1234567", "12345a", "１２３４５６", " 12345"])
def test_six_digits(digits: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        CardAccessNumber(digits)
    assert caught.value.reason == "can_malformed"


@pytest.mark.parametrize(
    "parts", [("", "700101", "300101"), ("A B", "700101", "300101"), ("A", "7001", "300101")]
)
def test_parts_that_are_none(parts: tuple[str, str, str]) -> None:
    with pytest.raises(MalformedInput) as caught:
        MrzKey(*parts)
    assert caught.value.reason == "mrz_key_malformed"


def test_keys_do_not_print() -> None:
    assert "123456" not in repr(CardAccessNumber("123456"))
    assert "L898" not in repr(MrzKey.from_mrz(TD3))


def test_check_digits_of_the_standard() -> None:
    """Doc 9303-3 §4.9, examples."""
    assert check_digit("520727") == "3"
    assert check_digit("AB2134<<<") == "5"
