"""Plots as SVG, made on the server: no script, no style attribute; colours come from the style sheet."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

_ROW = 34
_LABEL = 132
_BAR = 300
_HEIGHT = 150
_BASE = 118
_TOP = 14


def bars(rows: Sequence[tuple[str, int]], *, title: str) -> Markup:
    """Lying bars, one for each row: the number stands at the end of its bar."""
    most = max((number for _, number in rows), default=0) or 1
    height = _ROW * len(rows) + 8
    parts = [_opening(_LABEL + _BAR + 48, height, title)]
    for place, (label, number) in enumerate(rows):
        top = 6 + place * _ROW
        length = round(_BAR * number / most)
        parts.append(
            f'<text class="plot-label" x="{_LABEL - 10}" y="{top + 18}" text-anchor="end">'
            f"{escape(label)}</text>"
            f'<rect class="plot-bar tone-{place}" x="{_LABEL}" y="{top + 2}" width="{max(length, 2)}" '
            f'height="22" rx="3"/>'
            f'<text class="plot-number" x="{_LABEL + length + 8}" y="{top + 18}">{number}</text>'
        )
    return Markup("".join(parts) + "</svg>")  # noqa: S704 - every text in it is escaped above


def columns(days: Sequence[tuple[str, int, int]], *, title: str) -> Markup:
    """Standing columns, one for each day: accepted below, refused on top."""
    most = max((good + bad for _, good, bad in days), default=0) or 1
    step = 480 / max(len(days), 1)
    width = step * 0.62
    parts = [_opening(496, _HEIGHT, title)]
    parts.append(f'<line class="plot-axis" x1="4" y1="{_BASE}" x2="492" y2="{_BASE}"/>')
    for place, (label, good, bad) in enumerate(days):
        left = 8 + place * step
        up, down = (round((_BASE - _TOP) * number / most) for number in (good, bad))
        parts.append(
            f'<rect class="plot-bar good" x="{left:.1f}" y="{_BASE - up}" width="{width:.1f}" '
            f'height="{up}"/>'
            f'<rect class="plot-bar bad" x="{left:.1f}" y="{_BASE - up - down}" '
            f'width="{width:.1f}" height="{down}"/>'
        )
        if good + bad:
            parts.append(
                f'<text class="plot-number" x="{left + width / 2:.1f}" '
                f'y="{_BASE - up - down - 4}" text-anchor="middle">{good + bad}</text>'
            )
        if place % 2 == 0:
            parts.append(
                f'<text class="plot-label" x="{left + width / 2:.1f}" y="{_BASE + 20}" '
                f'text-anchor="middle">{escape(label)}</text>'
            )
    return Markup("".join(parts) + "</svg>")  # noqa: S704 - every text in it is escaped above


def _opening(width: int, height: int, title: str) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(title)}" preserveAspectRatio="xMinYMin meet">'
    )
