"""Error rates with exact (Clopper-Pearson) bounds.

``upper`` is the rate above which so few errors (or fewer) would be seen in only 5 % of all tests;
``lower`` the same from the other side. No error in ``n`` trials bounds the rate by about ``3 / n``.
The bounds hold for independent trials; pairs that share pictures or persons are not, so that the
truth may lie further off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

CONFIDENCE = 0.95
"""One-sided."""

_STEPS = 200


def at_most(errors: int, trials: int, rate: float) -> float:
    """The probability of no more than ``errors`` errors in ``trials`` independent trials."""
    if errors >= trials or rate <= 0:
        return 1.0
    if rate >= 1:
        return 0.0
    # Sum from the largest term down, in logarithms: exact enough, and short.
    total, log_rate, log_rest = 0.0, math.log(rate), math.log1p(-rate)
    for count in range(errors, -1, -1):
        term = math.exp(
            math.lgamma(trials + 1)
            - math.lgamma(count + 1)
            - math.lgamma(trials - count + 1)
            + count * log_rate
            + (trials - count) * log_rest
        )
        total += term
        if term < total * 1e-17 and count < trials * rate:
            break
    return min(total, 1.0)


def _solve(errors: int, trials: int, probability: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if at_most(errors, trials, middle) > probability:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True, slots=True)
class Rate:
    """Errors among trials."""

    errors: int
    trials: int

    @property
    def value(self) -> float | None:
        """The rate that was seen; None without trials."""
        return self.errors / self.trials if self.trials else None

    @property
    def upper(self) -> float:
        """One-sided 95 % upper bound; 1 without trials."""
        if self.errors >= self.trials:
            return 1.0
        return _solve(self.errors, self.trials, 1 - CONFIDENCE)

    @property
    def lower(self) -> float:
        """One-sided 95 % lower bound; 0 without errors."""
        if self.errors == 0:
            return 0.0
        return _solve(self.errors - 1, self.trials, CONFIDENCE)
