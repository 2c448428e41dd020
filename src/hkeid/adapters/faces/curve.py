"""The error curves of a calibration as a drawing: both rates over the threshold, with their bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from xml.sax.saxutils import escape

from hkeid.adapters.faces.calibration import CalibrationRecord, ThresholdRow
from hkeid.adapters.faces.rates import Rate

_WIDTH, _HEIGHT = 720, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 60, 60
_DECADES = 5
"""Rates are drawn from 100 % down to 0.001 %; lower ones lie on the floor."""

_OPENING = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
    'font-family="sans-serif" font-size="12">'
)
_IMPOSTOR, _GENUINE = "#b3261e", "#1b5e9b"


def draw_curve(record: CalibrationRecord, match: float) -> str:
    """An SVG document.

    :param match: the threshold in force, marked.
    """
    rows = record.rows
    low, high = rows[0].threshold, rows[-1].threshold
    span = max(high - low, 1e-9)

    def across(threshold: float) -> float:
        return _LEFT + (threshold - low) / span * (_WIDTH - _LEFT - _RIGHT)

    title = f"{record.model}: {record.population}"
    counted = f"{record.persons} persons, {record.images} pictures, {record.id}"
    parts = [
        _OPENING,
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="22" font-size="14">{escape(title)}</text>',
        f'<text x="{_LEFT}" y="40" fill="#555">{escape(counted)}</text>',
        *_grid(rows, across),
        *_curve(rows, across, lambda row: row.impostor, _IMPOSTOR),
        *_curve(rows, across, lambda row: row.genuine, _GENUINE),
    ]
    if low <= match <= high:
        parts.append(
            f'<line x1="{across(match):.1f}" x2="{across(match):.1f}" y1="{_TOP}" '
            f'y2="{_HEIGHT - _BOTTOM}" stroke="#222" stroke-dasharray="2 3"/>'
        )
    foot = _HEIGHT - 12
    legend = f"dashed: 95 % upper bounds; dotted: threshold {match:g}"
    parts += [
        f'<text x="{_LEFT}" y="{foot}" fill="{_IMPOSTOR}">false matches (FMR)</text>',
        f'<text x="{_LEFT + 150}" y="{foot}" fill="{_GENUINE}">false non-matches (FNMR)</text>',
        f'<text x="{_LEFT + 330}" y="{foot}" fill="#555">{escape(legend)}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _down(rate: float) -> float:
    """Logarithmic, from the top (all) to the floor (one in 100,000, and none)."""
    depth = min(-math.log10(rate), _DECADES) if rate > 0 else _DECADES
    return _TOP + depth / _DECADES * (_HEIGHT - _TOP - _BOTTOM)


def _grid(rows: Sequence[ThresholdRow], across: Callable[[float], float]) -> Iterator[str]:
    for decade in range(_DECADES + 1):
        at = _down(10.0**-decade)
        yield (
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>'
        )
        yield f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{100 / 10**decade:g} %</text>'
    for row in rows[::5]:
        yield (
            f'<text x="{across(row.threshold):.1f}" y="{_HEIGHT - _BOTTOM + 18}" '
            f'text-anchor="middle">{row.threshold:.2f}</text>'
        )


def _curve(
    rows: Sequence[ThresholdRow],
    across: Callable[[float], float],
    rate: Callable[[ThresholdRow], Rate],
    colour: str,
) -> Iterator[str]:
    kinds: tuple[tuple[str, Callable[[Rate], float]], ...] = (
        ("", lambda one: one.value or 0.0),
        (' stroke-dasharray="5 4"', lambda one: one.upper),
    )
    for style, value in kinds:
        points = " ".join(
            f"{across(row.threshold):.1f},{_down(value(rate(row))):.1f}" for row in rows
        )
        yield (
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"{style}/>'
        )
