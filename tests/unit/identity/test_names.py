"""Names: one split, four forms, rare characters, nothing shown by accident."""

from __future__ import annotations

import pytest

from hkeid.identity import Language, PersonName, parse_commercial_code, rare_characters
from hkeid.kernel.errors import MalformedInput


@pytest.mark.parametrize(
    ("english", "family", "given"),
    [
        ("CHAN, Tai Man", "CHAN", "Tai Man"),
        ("CHAN,Tai Man", "CHAN", "Tai Man"),
        ("DELA CRUZ, Juana", "DELA CRUZ", "Juana"),
        ("CHAN, Tai Man, Peter", "CHAN", "Tai Man, Peter"),
        ("CHAN TAI MAN", None, None),
        ("CONTOHWATI", None, None),
        ("CHAN,", "CHAN", None),
        (", Tai Man", None, "Tai Man"),
    ],
)
def test_english_names_are_split_at_the_comma_only(
    english: str, family: str | None, given: str | None
) -> None:
    name = PersonName(english=english)
    assert (name.family_name, name.given_name) == (family, given)


def test_the_form_to_greet_with() -> None:
    name = PersonName(english="CHAN, Tai Man", chinese="陳大文", chinese_simplified="陈大文")
    assert name.shown_in(Language.ENGLISH) == "CHAN, Tai Man"
    assert name.shown_in(Language.TRADITIONAL) == "陳大文"
    assert name.shown_in(Language.SIMPLIFIED) == "陈大文"
    assert PersonName(english="SAMPLE, Jane").shown_in(Language.TRADITIONAL) == "SAMPLE, Jane"
    assert PersonName(english="X", chinese="陳").shown_in(Language.SIMPLIFIED) == "陳"


def test_rare_characters_are_accepted_and_flagged() -> None:
    name = PersonName(english="X", chinese="陳峯𠮷𨋢\ue5a1峯", chinese_simplified="陈峰𠮷")
    assert [
        (rare.code_point, rare.hkscs, rare.supplementary, rare.private_use) for rare in name.rare
    ] == [
        ("U+5CEF", True, False, False),
        ("U+20BB7", False, True, False),
        ("U+282E2", True, True, False),
        ("U+E5A1", False, False, True),
    ]
    assert rare_characters("陳大文 CHAN") == ()


def test_characters_are_kept_as_they_are() -> None:
    # U+F92C and U+90CE are one character to Unicode normalisation, and two names to their bearers.
    assert PersonName(english="X", chinese="\uf92c").chinese == "\uf92c"


@pytest.mark.parametrize(
    ("english", "reason"),
    [
        ("", "name_empty_or_padded"),
        ("  ", "name_empty_or_padded"),
        (" CHAN", "name_empty_or_padded"),
        ("C" * 201, "name_too_long"),
        ("CHAN\nTai", "name_characters_not_allowed"),
        ("CHAN\x00", "name_characters_not_allowed"),
        ("CHAN \u202egnat", "name_characters_not_allowed"),
        ("CHAN\ud800", "name_characters_not_allowed"),
        ("CHAN\u2028Tai", "name_characters_not_allowed"),
        ("CHAN\u0378", "name_characters_not_allowed"),
    ],
)
def test_what_is_not_a_name(english: str, reason: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        PersonName(english=english)
    assert (refused.value.reason, refused.value.field) == (reason, "name_english")


def test_chinese_forms_are_checked_too() -> None:
    for field in ("chinese", "chinese_simplified"):
        with pytest.raises(MalformedInput) as refused:
            PersonName(english="X", **{field: ""})  # type: ignore[arg-type]
        assert refused.value.field == f"name_{field}"


def test_ideographs_newer_than_this_python_are_names() -> None:
    assert PersonName(english="X", chinese="\U0003fffd").chinese == "\U0003fffd"


@pytest.mark.parametrize("text", ["7115 1129 2429", "7115-1129-2429", "711511292429"])
def test_commercial_code(text: str) -> None:
    assert parse_commercial_code(text) == ("7115", "1129", "2429")


@pytest.mark.parametrize(
    "text", ["", "711", "7115 112", "7115  1129", "7115,1129", "７１１５", "71151"]
)
def test_what_is_no_commercial_code(text: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        parse_commercial_code(text)
    assert refused.value.reason == "name_commercial_code_malformed"


@pytest.mark.parametrize("group", ["711", "71155", "abcd", "７１１５"])
def test_commercial_code_groups_have_four_digits(group: str) -> None:
    with pytest.raises(MalformedInput):
        PersonName(english="X", commercial_code=(group,))


def test_it_does_not_print_itself() -> None:
    name = PersonName(english="CHAN, Tai Man", chinese="陳大文")
    assert repr(name) == str(name) == "PersonName(…)"
