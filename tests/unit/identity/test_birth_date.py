"""Birth dates of every precision, and what they say about an age."""

from __future__ import annotations

from datetime import date

import pytest

from hkeid.identity import AgeAnswer, BirthDate, Precision
from hkeid.kernel.errors import MalformedInput

YES, NO, UNKNOWN = AgeAnswer.YES, AgeAnswer.NO, AgeAnswer.UNKNOWN


@pytest.mark.parametrize(
    ("text", "precision", "claim"),
    [
        ("1985-04-12", Precision.DAY, "1985-04-12"),
        ("1985-04", Precision.MONTH, "1985"),  # the claim has no form for year and month
        ("1985", Precision.YEAR, "1985"),
        ("0000-04-12", Precision.NO_YEAR, "0000-04-12"),
        ("2000-02-29", Precision.DAY, "2000-02-29"),
        ("0000-02-29", Precision.NO_YEAR, "0000-02-29"),
    ],
)
def test_forms(text: str, precision: Precision, claim: str) -> None:
    born = BirthDate.parse(text)
    assert (born.precision, born.claim(), born.isoformat()) == (precision, claim, text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "birth_date_malformed"),
        ("85-04-12", "birth_date_malformed"),
        ("1985-4-12", "birth_date_malformed"),
        ("1985/04/12", "birth_date_malformed"),
        ("19850412", "birth_date_malformed"),
        ("1985-04-12\n", "birth_date_malformed"),
        ("１９８５", "birth_date_malformed"),
        ("0000", "birth_date_malformed"),
        ("0000-04", "birth_date_malformed"),
        ("1985-00", "birth_date_impossible"),
        ("1985-13", "birth_date_impossible"),
        ("1985-04-00", "birth_date_impossible"),
        ("1985-04-31", "birth_date_impossible"),
        ("1985-02-29", "birth_date_impossible"),
        ("1799-12-31", "birth_date_impossible"),
        ("0000-02-30", "birth_date_impossible"),
    ],
)
def test_what_is_no_birth_date(text: str, reason: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        BirthDate.parse(text)
    assert (refused.value.reason, refused.value.field) == (reason, "birth_date")


def test_a_day_needs_its_month() -> None:
    with pytest.raises(MalformedInput):
        BirthDate(year=1985, day=12)


@pytest.mark.parametrize(
    ("born", "on", "answer"),
    [
        ("2008-12-31", date(2026, 12, 30), NO),
        ("2008-12-31", date(2026, 12, 31), YES),  # at the beginning of the anniversary
        ("2008-02-29", date(2026, 2, 28), NO),
        ("2008-02-29", date(2026, 3, 1), YES),
        ("2008-11", date(2026, 10, 31), NO),
        ("2008-11", date(2026, 11, 1), UNKNOWN),
        ("2008-11", date(2026, 11, 29), UNKNOWN),
        ("2008-11", date(2026, 12, 1), YES),
        ("2008", date(2025, 12, 31), NO),
        ("2008", date(2026, 1, 1), UNKNOWN),
        ("2008", date(2026, 12, 30), UNKNOWN),
        ("2008", date(2026, 12, 31), YES),
        ("0000-04-12", date(2026, 12, 31), UNKNOWN),
        ("2027-01-01", date(2026, 12, 31), NO),  # not born yet
        ("9999-01-01", date(2026, 12, 31), NO),
    ],
)
def test_eighteen_yet(born: str, on: date, answer: AgeAnswer) -> None:
    assert BirthDate.parse(born).age_at_least(18, on) is answer


def test_it_shows_its_precision_only() -> None:
    assert repr(BirthDate.parse("1985-04-12")) == "BirthDate(precision='day')"
