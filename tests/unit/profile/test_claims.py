"""Claims as they go out, and as the resident sees them, for every persona."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hkeid.identity import Language
from hkeid.oidc.scopes import SCOPE_CLAIMS
from hkeid.profile.claims import CLAIMS, NUMBER_IS_REGISTERED, base_names, fields_of, render
from hkeid.profile.signals import ENTRY_FIELDS
from hkeid.residents import FIELDS, Viewer
from hkeid.residents.fields import sealed_by_name
from hkeid.testing.personas import PERSONAS

ALL = tuple(CLAIMS)
NOW = datetime(2026, 11, 28, 16, 0, tzinfo=UTC)  # the 29th in Hong Kong
PROVED = ("name", "family_name", "given_name", "birthdate", "gender", "hkic_number", "updated_at")
AGES = tuple(f"age_over_{years}" for years in (11, 18, 21, 60, 65))


def _rendered(key: str) -> dict[str, object]:
    return render(PROVED, PROVED, PERSONAS[key].person.as_fields(), NOW)


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
        assert CLAIMS["birthdate"].show(texts, language, NOW) == shown[language]


@pytest.mark.parametrize("key", PERSONAS)
@pytest.mark.parametrize("claim", ALL)
def test_shown_if_and_only_if_sent(key: str, claim: str) -> None:
    texts = PERSONAS[key].person.as_fields()
    sent = CLAIMS[claim].render(texts, NOW)
    for language in Language:
        shown = CLAIMS[claim].show(texts, language, NOW)
        assert bool(shown) == bool(sent)
        if claim in ("hkic_number", "hkic_number_masked"):
            assert shown == PERSONAS[key].hkic_number.masked()
        elif claim in ("name", "family_name", "given_name"):
            assert all(str(value) in str(shown) for value in sent.values())


def test_nothing_held_nothing_said() -> None:
    for claim in ALL:
        assert CLAIMS[claim].render({}, NOW) == {}
        assert all(CLAIMS[claim].show({}, language, NOW) is None for language in Language)


def test_names_asked_for() -> None:
    assert base_names(["gender", "name#zh-Hant-HK", "name", "x", "#", ""]) == ("name", "gender")


def test_labels_come_in_three_scripts() -> None:
    for definition in CLAIMS.values():
        assert set(definition.label) == set(Language)


def _ages(birth_date: str, now: datetime = NOW) -> dict[str, object]:
    return render(AGES, AGES, {"birth_date": birth_date}, now)


def test_ages_are_told_of_the_day_in_hong_kong() -> None:
    assert _ages("2008-11-29") == {
        "age_over_11": True,
        "age_over_18": True,
        "age_over_21": False,
        "age_over_60": False,
        "age_over_65": False,
    }
    assert _ages("2008-11-30")["age_over_18"] is False
    the_day_before = datetime(2026, 11, 28, 15, 59, tzinfo=UTC)
    assert _ages("2008-11-29", the_day_before)["age_over_18"] is False


def test_what_a_partial_birth_date_leaves_open_is_not_told() -> None:
    assert _ages("2008") == {
        "age_over_11": True,
        "age_over_21": False,
        "age_over_60": False,
        "age_over_65": False,
    }
    assert "age_over_18" not in _ages("2008-11")
    assert _ages("2008-10")["age_over_18"] is True
    assert _ages("2008-12")["age_over_18"] is False
    assert _ages("0000-11-29") == {}


def test_a_claim_about_an_age_is_made_of_nothing_else() -> None:
    assert fields_of(AGES) == ("birth_date",)
    texts = PERSONAS["chan-tai-man"].person.as_fields()
    assert set(render(ALL, ["age_over_18"], texts, NOW)) == {"age_over_18"}


def test_the_number_is_masked_or_only_said_to_be_checked() -> None:
    texts = PERSONAS["chan-tai-man"].person.as_fields()
    number = PERSONAS["chan-tai-man"].hkic_number
    assert CLAIMS["hkic_number_masked"].render(texts, NOW) == {
        "hkic_number_masked": number.masked()
    }
    assert CLAIMS["hkic_number_verified"].render(texts, NOW) == {}
    registered = {**texts, NUMBER_IS_REGISTERED: "yes"}
    assert CLAIMS["hkic_number_verified"].render(registered, NOW) == {"hkic_number_verified": True}
    assert CLAIMS["hkic_number_verified"].render({NUMBER_IS_REGISTERED: "yes"}, NOW) == {}


def test_the_reference_lists_every_claim_and_scope() -> None:
    text = (Path(__file__).parents[3] / "docs/reference/claims.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    listed = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert listed == set(CLAIMS) | set(SCOPE_CLAIMS)
    for claims in SCOPE_CLAIMS.values():
        assert set(claims) <= set(CLAIMS)
