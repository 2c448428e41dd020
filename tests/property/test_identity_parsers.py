"""Identity's parsers: whatever comes in, an answer or an error of the one tree; and back again."""

from __future__ import annotations

import string
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hkeid.identity import (
    AgeAnswer,
    BirthDate,
    HkicNumber,
    Language,
    PersonName,
    Sex,
    check_character_of,
    parse_acr_values,
    parse_commercial_code,
    rare_characters,
)
from hkeid.kernel.errors import HkeidError, MalformedInput

ANY_TEXT = st.text(st.characters()) | st.from_regex(r"\A[ A-Za-zＡ-Ｚ0-9０-９()（）-]{0,14}\Z")

numbers = st.builds(
    lambda prefix, digits: f"{prefix}{digits:06}",
    st.text(string.ascii_uppercase, min_size=1, max_size=2),
    st.integers(0, 999_999),
)


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.mark.parametrize(
    "parse",
    [
        HkicNumber.parse,
        check_character_of,
        BirthDate.parse,
        Sex.parse,
        Language.parse,
        parse_commercial_code,
        parse_acr_values,
        rare_characters,
        lambda text: PersonName(english=text),
        lambda text: PersonName(english="X", chinese=text),
    ],
)
@given(text=ANY_TEXT)
@example(text="\ud800")
@example(text="0000-00-00")
def test_parsers_raise_only_from_the_tree(parse: Callable[[str], Any], text: str) -> None:
    try:
        parse(text)
    except HkeidError as error:
        assert text == "" or len(text) < 4 or text not in str(error) + error.safe_text


@given(number=numbers)
def test_every_number_has_exactly_one_check_character(number: str) -> None:
    right = check_character_of(number)
    for written in (f"{number}({right})", number.lower() + right, _wide(f"{number}({right})")):
        parsed = HkicNumber.parse(written)
        assert HkicNumber.parse(parsed.reveal()) == parsed
        assert number[-3:] + "(" not in str(parsed) + repr(parsed)
    for wrong in set("0123456789A") - {right}:
        with pytest.raises(MalformedInput):
            HkicNumber(number, wrong)


@given(number=numbers, place=st.integers(0, 5), digit=st.integers(0, 9))
def test_one_mistyped_digit_is_always_found(number: str, place: int, digit: int) -> None:
    at = len(number) - 6 + place
    mistyped = number[:at] + str(digit) + number[at + 1 :]
    if mistyped != number:
        assert check_character_of(mistyped) != check_character_of(number)


@given(number=numbers, place=st.integers(0, 4))
def test_two_neighbouring_digits_swapped_are_always_found(number: str, place: int) -> None:
    at = len(number) - 6 + place
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    if swapped != number:
        assert check_character_of(swapped) != check_character_of(number)


days = st.dates(date(1800, 1, 1), date(2200, 12, 31))


@given(day=days)
def test_birth_dates_come_back(day: date) -> None:
    for text in (
        day.isoformat(),
        day.isoformat()[:7],
        day.isoformat()[:4],
        f"0000{day.isoformat()[4:]}",
    ):
        born = BirthDate.parse(text)
        assert born.isoformat() == text
        assert BirthDate.parse(born.claim()).claim() == born.claim()


@given(day=days, years=st.integers(0, 150), later=st.integers(-400, 60_000))
def test_what_is_less_precise_never_contradicts(day: date, years: int, later: int) -> None:
    on = day + timedelta(days=later)
    exact = BirthDate.parse(day.isoformat()).age_at_least(years, on)
    assert exact is not AgeAnswer.UNKNOWN
    for text in (day.isoformat()[:7], day.isoformat()[:4]):
        assert BirthDate.parse(text).age_at_least(years, on) in (exact, AgeAnswer.UNKNOWN)


@given(day=days, years=st.integers(0, 150), later=st.integers(0, 60_000))
def test_an_age_once_reached_stays_reached(day: date, years: int, later: int) -> None:
    born = BirthDate.parse(day.isoformat())
    on = day + timedelta(days=later)
    if born.age_at_least(years, on) is AgeAnswer.YES:
        assert born.age_at_least(years, on + timedelta(days=1)) is AgeAnswer.YES


names = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")), min_size=1, max_size=60
).filter(lambda text: text == text.strip())


@given(english=names)
def test_a_name_is_kept_and_splits_at_the_comma_only(english: str) -> None:
    name = PersonName(english=english)
    assert name.english == english
    if "," not in english:
        assert (name.family_name, name.given_name) == (None, None)
    else:
        assert "," not in (name.family_name or "")
