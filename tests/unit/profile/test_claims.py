"""Claims as they go out, and as the resident sees them, for every persona."""

from __future__ import annotations

import pytest

from hkeid.identity import Language
from hkeid.profile.claims import CLAIMS, base_names, fields_of, render
from hkeid.profile.signals import ENTRY_FIELDS
from hkeid.residents.fields import FIELDS, Viewer, sealed_by_name
from hkeid.testing.personas import PERSONAS

ALL = tuple(CLAIMS)


def _rendered(key: str) -> dict[str, object]:
    return render(ALL, ALL, PERSONAS[key].person.as_fields())


def test_every_claim_is_made_of_declared_fields() -> None:
    entries = set(ENTRY_FIELDS)
    assert set(fields_of(ALL)) - entries <= sealed_by_name()
    assert entries <= set(FIELDS)
    for name in fields_of(ALL):
        assert Viewer.CONSENTED_CLIENT in FIELDS[name].visible_to


def test_names_are_split_at_the_comma_only() -> None:
    assert _rendered("cheung-sam") == {
        "name": "CHEUNG, Sam",
        "name#zh-Hant-HK": "張三",
        "family_name": "CHEUNG",
        "given_name": "Sam",
        "birthdate": "1990-11-30",
        "gender": "male",
        "hkic_number": "Q000102(A)",
    }
    single = _rendered("contohwati")
    assert single["name"] == "CONTOHWATI"
    assert not {"family_name", "given_name", "name#zh-Hant-HK"} & set(single)


@pytest.mark.parametrize(
    ("key", "birthdate", "shown"),
    [
        ("yip-nin", "1938", {"en": "1938", "zh-Hant-HK": "1938年", "zh-Hans": "1938年"}),
        ("mak-yuet", "1961", {"en": "1961", "zh-Hant-HK": "1961年", "zh-Hans": "1961年"}),
        (
            "singh-namoona",
            "2000-02-29",
            {"en": "29 February 2000", "zh-Hant-HK": "2000年2月29日", "zh-Hans": "2000年2月29日"},
        ),
    ],
)
def test_birth_dates_are_shown_as_precisely_as_they_are_sent(
    key: str, birthdate: str, shown: dict[str, str]
) -> None:
    assert _rendered(key)["birthdate"] == birthdate
    texts = PERSONAS[key].person.as_fields()
    for language in Language:
        assert CLAIMS["birthdate"].show(texts, language) == shown[language]


@pytest.mark.parametrize("key", PERSONAS)
@pytest.mark.parametrize("claim", ALL)
def test_shown_if_and_only_if_sent(key: str, claim: str) -> None:
    texts = PERSONAS[key].person.as_fields()
    sent = CLAIMS[claim].render(texts)
    for language in Language:
        shown = CLAIMS[claim].show(texts, language)
        assert bool(shown) == bool(sent)
        if claim == "hkic_number":
            assert shown == PERSONAS[key].hkic_number.masked()
        elif claim in ("name", "family_name", "given_name"):
            assert all(str(value) in str(shown) for value in sent.values())


def test_nothing_held_nothing_said() -> None:
    for claim in ALL:
        assert CLAIMS[claim].render({}) == {}
        assert all(CLAIMS[claim].show({}, language) is None for language in Language)


def test_names_asked_for() -> None:
    assert base_names(["gender", "name#zh-Hant-HK", "name", "x", "#", ""]) == ("name", "gender")


def test_labels_come_in_three_scripts() -> None:
    for definition in CLAIMS.values():
        assert set(definition.label) == set(Language)
