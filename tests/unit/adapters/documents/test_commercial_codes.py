"""Chinese commercial codes by zhtelecode's tables."""

from __future__ import annotations

import pytest

from hkeid.adapters.documents.commercial_codes import ZhTelecodes
from hkeid.testing.personas import PERSONAS

CODES = ZhTelecodes()


def test_codes_of_the_personas() -> None:
    checked = 0
    for persona in PERSONAS.values():
        groups = persona.name.commercial_code
        for character, group in zip(persona.name.chinese or "", groups, strict=bool(groups)):
            assert group in CODES.codes_of(character)
            checked += 1
    assert checked > 5


@pytest.mark.parametrize("character", ["", "A", "\ue5a1", "\U000282e2"])
def test_characters_without_code(character: str) -> None:
    assert CODES.codes_of(character) == frozenset()


def test_the_traditional_form() -> None:
    assert CODES.traditional_of("7806") == "黃"
    assert CODES.codes_of("黄") == CODES.codes_of("黃") == {"7806"}


@pytest.mark.parametrize("code", ["", "9999", "12", "abcd", "00000"])
def test_codes_without_character(code: str) -> None:
    assert CODES.traditional_of(code) is None
