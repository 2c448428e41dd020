"""Telephone numbers, as they are typed, kept and shown."""

from __future__ import annotations

import pytest

from hkeid.identity import TelephoneNumber
from hkeid.kernel.errors import MalformedInput


@pytest.mark.parametrize(
    ("typed", "e164", "shown"),
    [
        ("91234567", "+85291234567", "+852 9123 4567"),
        (" 9123 4567 ", "+85291234567", "+852 9123 4567"),
        ("9123-4567", "+85291234567", "+852 9123 4567"),
        ("+852 9123 4567", "+85291234567", "+852 9123 4567"),
        ("(852) 9123 4567", "+85291234567", "+852 9123 4567"),
        ("85291234567", "+85291234567", "+852 9123 4567"),
        ("0085221234567", "+85221234567", "+852 2123 4567"),
        ("９１２３　４５６７", "+85291234567", "+852 9123 4567"),
        ("+44 20 7946 0018", "+442079460018", "+44 2079460018"),
        ("+1 202 555 0143", "+12025550143", "+1 2025550143"),
        ("+86 10 5555 0143", "+861055550143", "+86 1055550143"),
        ("+853 2855 0143", "+85328550143", "+853 28550143"),
    ],
)
def test_common_typings(typed: str, e164: str, shown: str) -> None:
    number = TelephoneNumber.parse(typed)
    assert number.e164 == e164
    assert number.shown() == shown
    assert TelephoneNumber.parse(number.shown()) == number


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "telephone_malformed"),
        ("9123", "telephone_malformed"),
        ("9123 456x", "telephone_malformed"),
        ("2079460018", "telephone_malformed"),
        ("+0123456789", "telephone_malformed"),
        ("+" + "1" * 16, "telephone_malformed"),
        ("++85291234567", "telephone_malformed"),
        ("٩١٢٣٤٥٦٧", "telephone_malformed"),
        ("9" * 50, "telephone_malformed"),
        ("01234567", "telephone_impossible"),
        ("+852 1234 5678", "telephone_impossible"),
        ("+852 9123 456", "telephone_impossible"),
        ("+852 9123 45678", "telephone_impossible"),
    ],
)
def test_what_is_no_number(typed: str, reason: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        TelephoneNumber.parse(typed)
    assert caught.value.reason == reason


def test_a_fixed_line_is_no_mobile_telephone() -> None:
    assert not TelephoneNumber.parse("2123 4567").may_be_mobile
    assert not TelephoneNumber.parse("3123 4567").may_be_mobile
    assert TelephoneNumber.parse("9123 4567").may_be_mobile
    assert TelephoneNumber.parse("+44 20 7946 0018").may_be_mobile


def test_it_does_not_print_itself() -> None:
    assert repr(TelephoneNumber.parse("91234567")) == "TelephoneNumber(country_code='852')"
