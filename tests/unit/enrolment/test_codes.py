"""Activation codes: typed as people type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.adapters.system import SystemRandom
from hkeid.enrolment.codes import ALPHABET, new_code, parse_code
from hkeid.enrolment.labels import parse_label
from hkeid.kernel.errors import MalformedInput


class Fixed:
    def __init__(self, value: bytes) -> None:
        self.value = value

    def token_bytes(self, length: int) -> bytes:
        assert length == len(self.value)
        return self.value

    def token(self, length: int = 32) -> str:
        raise NotImplementedError


def test_a_new_code_has_three_groups_of_four() -> None:
    code = new_code(SystemRandom()).reveal()
    assert [len(group) for group in code.split("-")] == [4, 4, 4]
    assert set(code) <= {*ALPHABET, "-"}


def test_sixty_bits_of_chance_are_used() -> None:
    assert new_code(Fixed(b"\xff" * 8)).reveal() == "ZZZZ-ZZZZ-ZZZZ"
    assert new_code(Fixed(bytes(8))).reveal() == "0000-0000-0000"
    codes = {parse_code(new_code(SystemRandom()).reveal()) for _ in range(500)}
    assert len(codes) == 500
    for place in range(12):
        assert len({code[place] for code in codes}) == 32


@pytest.mark.parametrize(
    "typed",
    [
        "7Q4K-M2ZD-9HX0",
        "7q4km2zd9hxo",
        " 7Q4K M2ZD 9HXO ",
        "7Q4K–M2ZD—9HX0",
        "7Q4K‑M2ZD−9HX0",
        "７Ｑ４Ｋ－Ｍ２ＺＤ－９ＨＸ０",
        "7Q4K\u3000M2ZD\u30009HX0",
        "7-Q-4-K-M-2-Z-D-9-H-X-0",
    ],
)
def test_what_people_type_means_the_same(typed: str) -> None:
    assert parse_code(typed) == "7Q4KM2ZD9HX0"


def test_letters_that_look_like_digits_are_understood() -> None:
    assert parse_code("ooii-llOO-IILL") == "001111001111"


@pytest.mark.parametrize(
    "typed",
    ["", "7Q4K-M2ZD-9HX", "7Q4K-M2ZD-9HX00", "7Q4K-M2ZD-9HXU", "7Q4K_M2ZD_9HX0", "身分", "0" * 500],
)
def test_what_is_no_code(typed: str) -> None:
    with pytest.raises(MalformedInput) as caught:
        parse_code(typed)
    assert (caught.value.reason, caught.value.field) == ("code_malformed", "code")


@given(st.text(max_size=80))
def test_any_text_is_a_code_or_refused(text: str) -> None:
    try:
        code = parse_code(text)
    except MalformedInput:
        return
    assert len(code) == 12
    assert parse_code(code) == code


@given(st.text(max_size=300))
def test_any_text_is_a_label_or_refused(text: str) -> None:
    try:
        label = parse_label(text)
    except MalformedInput as error:
        assert error.reason == "label_malformed"
        return
    assert 0 < len(label) <= 60
    assert parse_label(label) == label
    label.encode()
