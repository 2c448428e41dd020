"""The identity-card number: check character, ways of writing, and that it never prints itself."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle

import pytest

from hkeid.identity import HkicNumber, check_character_of
from hkeid.kernel.errors import MalformedInput

# Number, weighted sum and check character, computed by hand from the rule.
VECTORS = [
    ("A123456", "3"),
    ("G123456", "A"),
    ("L555555", "0"),
    ("K000000", "0"),
    ("Z999999", "0"),
    ("R111111", "5"),
    ("AB987654", "3"),
    ("AB123456", "9"),
    ("WX123456", "9"),
    ("XE123456", "9"),
    ("XA123455", "A"),
    ("ZZ999999", "9"),
]


@pytest.mark.parametrize(("number", "check"), VECTORS)
def test_check_character(number: str, check: str) -> None:
    assert check_character_of(number) == check
    parsed = HkicNumber.parse(f"{number}({check})")
    assert (parsed.number, parsed.check_character) == (number, check)


@pytest.mark.parametrize(("number", "check"), VECTORS)
def test_every_other_check_character_is_refused(number: str, check: str) -> None:
    for wrong in set("0123456789A") - {check}:
        with pytest.raises(MalformedInput) as refused:
            HkicNumber.parse(f"{number}({wrong})")
        assert refused.value.reason == "hkic_check_character_wrong"
        assert refused.value.field == "hkic_number"


@pytest.mark.parametrize("prefix", ["A", "Q", "U", "QX", "XA", "EC", "ZZ"])
def test_prefixes_are_not_checked_against_a_list(prefix: str) -> None:
    number = f"{prefix}000100"
    assert HkicNumber(number, check_character_of(number)).number == number


@pytest.mark.parametrize(
    "written",
    [
        "A123456(3)",
        "A1234563",
        "a123456(3)",
        " A123456 (3) ",
        "A 123456 ( 3 )",
        "A123 456 (3)",
        "A123456　(3)",
        "Ａ１２３４５６（３）",
        "ａ１２３４５６３",
        "A123456（3）",
    ],
)
def test_ways_of_writing(written: str) -> None:
    assert HkicNumber.parse(written) == HkicNumber("A123456", "3")


@pytest.mark.parametrize(
    "written",
    [
        "",
        "A",
        "A123456",
        "A12345(3)",
        "A1234567(3)",
        "ABC123456(3)",
        "123456(3)",
        "A123456(3",
        "A1234563)",
        "A123456[3]",
        "A123456-3",
        "A123456(B)",
        "A123456(3)\n",
        "A123456\t(3)",
        "A1２3４５6(³)",
        "A①23456(3)",
        "A١٢٣٤٥٦(3)",
        "А123456(3)",  # a Cyrillic letter
        "ſ123456(3)",  # upper-cases to an ASCII letter
        "A123456(3)" + " " * 40,
        "A123456(3)\x00",
    ],
)
def test_what_is_not_a_number(written: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        HkicNumber.parse(written)
    assert refused.value.reason == "hkic_malformed"


@pytest.mark.parametrize("number", ["a123456", "A12345", "A123456 ", "A12345６", "ABC123456"])
def test_parts_are_checked_too(number: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        HkicNumber(number, "3")
    assert refused.value.reason == "hkic_malformed"


def test_it_shows_itself_masked() -> None:
    number = HkicNumber.parse("A123456(3)")
    assert str(number) == f"{number}" == number.masked() == "A123***(*)"
    assert repr(number) == "HkicNumber(A123***(*))"
    assert f"{number!r:>40}{number:>12}".count("456") == 0
    assert str(HkicNumber.parse("AB987654(3)")) == "AB987***(*)"
    assert number.reveal() == "A123456(3)"


def test_nothing_leaks_it_by_accident(caplog: pytest.LogCaptureFixture) -> None:
    number = HkicNumber.parse("A123456(3)")

    @dataclasses.dataclass
    class Holder:
        held: HkicNumber

    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").debug("%s %r", number, Holder(number))
    assert "123456" not in caplog.text
    assert "123456" not in str(dataclasses.asdict(Holder(number)))
    assert not hasattr(number, "__dict__")
    for leak in (pickle.dumps, json.dumps):
        with pytest.raises(TypeError) as refused:
            leak(number)
        assert "123456" not in str(refused.value)


def test_errors_do_not_repeat_it() -> None:
    with pytest.raises(MalformedInput) as refused:
        HkicNumber.parse("A123456(4)")
    assert "123456" not in str(refused.value) + refused.value.safe_text


def test_it_is_a_value() -> None:
    number = HkicNumber.parse("A123456(3)")
    assert number == HkicNumber.parse("a1234563")
    assert hash(number) == hash(HkicNumber.parse("a1234563"))
    assert number != HkicNumber.parse("G123456(A)")
    assert number != "A123456(3)"
    assert copy.copy(number) is copy.deepcopy(number) is number
    with pytest.raises(AttributeError):
        number.number = "G123456"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del number.number
