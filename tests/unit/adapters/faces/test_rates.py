"""Clopper-Pearson bounds, against values that can be worked out by hand or stand in tables."""

from __future__ import annotations

import math

import pytest

from hkeid.adapters.faces.rates import Rate, at_most


def test_no_error_bounds_the_rate_by_about_three_in_n() -> None:
    """(1 − p)ⁿ = 0.05."""
    for trials in (1, 38, 262, 30_000):
        assert Rate(0, trials).upper == pytest.approx(1 - 0.05 ** (1 / trials), rel=1e-9)
    assert Rate(0, 262).upper == pytest.approx(0.01137, abs=1e-5)
    assert Rate(0, 29_956).upper <= 0.0001 < Rate(0, 29_955).upper


def test_only_errors_bound_the_rate_from_below() -> None:
    assert Rate(10, 10).lower == pytest.approx(0.05**0.1, rel=1e-9)
    assert Rate(10, 10).upper == 1.0
    assert Rate(0, 10).lower == 0.0


@pytest.mark.parametrize(
    ("errors", "trials", "lower", "upper"),
    [(1, 20, 0.002561, 0.216106), (5, 20, 0.104081, 0.455582), (50, 100, 0.413622, 0.586378)],
)
def test_bounds_agree_with_tables(errors: int, trials: int, lower: float, upper: float) -> None:
    """Two-sided 90 %, which is one-sided 95 % on either side."""
    rate = Rate(errors, trials)
    assert rate.lower == pytest.approx(lower, abs=2e-6)
    assert rate.upper == pytest.approx(upper, abs=2e-6)


def test_the_bounds_are_where_they_say() -> None:
    for errors, trials in ((1, 38), (6, 262), (17, 40_000)):
        rate = Rate(errors, trials)
        assert at_most(errors, trials, rate.upper) == pytest.approx(0.05, rel=1e-6)
        assert 1 - at_most(errors - 1, trials, rate.lower) == pytest.approx(0.05, rel=1e-6)
        assert rate.lower < errors / trials < rate.upper


def test_no_trials_show_nothing() -> None:
    assert (Rate(0, 0).value, Rate(0, 0).lower, Rate(0, 0).upper) == (None, 0.0, 1.0)


def test_the_binomial_sum_is_exact_where_it_can_be_added_up() -> None:
    exact = sum(math.comb(30, k) * 0.2**k * 0.8 ** (30 - k) for k in range(6))
    assert at_most(5, 30, 0.2) == pytest.approx(exact, rel=1e-12)
    assert at_most(30, 30, 0.5) == 1.0
    assert at_most(3, 30, 1.0) == 0.0
    assert at_most(3, 30, 0.0) == 1.0
