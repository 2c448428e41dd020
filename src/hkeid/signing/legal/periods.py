"""Stretches of time, and whether something held at a moment that is known only within limits.

A time-stamp proves that a signature existed by then, not that it was made then. So "at the time the
digital signature is generated" (s.6(2)) is a window; a condition holds when it holds throughout the
window, fails when it fails throughout, and is unknown otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from hkeid.kernel.instants import Instant

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` up to, not including, ``end``."""

    start: Instant
    end: Instant = FOREVER


@dataclass(frozen=True, slots=True)
class Window:
    """The moments at which the signature may have been made, both ends included."""

    earliest: Instant
    latest: Instant


def without(period: Period, gaps: Iterable[Period]) -> tuple[Period, ...]:
    """What is left of ``period`` when ``gaps`` are taken out, in order."""
    left = [period]
    for gap in gaps:
        left = [piece for one in left for piece in _cut(one, gap)]
    return tuple(left)


def held(periods: Iterable[Period], window: Window) -> bool | None:
    """Whether ``periods`` (apart from each other) hold throughout the window; ``None``: in part."""
    known = tuple(periods)
    if any(one.start <= window.earliest and window.latest < one.end for one in known):
        return True
    if any(one.start <= window.latest and window.earliest < one.end for one in known):
        return None
    return False


def _cut(period: Period, gap: Period) -> Iterator[Period]:
    before = Period(period.start, min(period.end, gap.start))
    after = Period(max(period.start, gap.end), period.end)
    for piece in (before, after):
        if piece.start < piece.end:
            yield piece
