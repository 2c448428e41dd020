"""A QR code (ISO/IEC 18004) in rectangles: sharp at any size, and no picture to be filtered."""

from __future__ import annotations

from functools import lru_cache

from hkeid.kernel.errors import MissingExtra
from hkeid.signing.errors import DocumentRefused

try:
    import segno
except ImportError:
    raise MissingExtra("segno", "signing") from None

_QUIET = 4  # modules around the code that stay white (§6.3.8)


def qr_rectangles(text: str, *, left: float, bottom: float, side: float) -> list[str]:
    """Drawing commands for the code with its quiet zone in a square of ``side`` points.

    :raises DocumentRefused: ``stamp_link_too_long``.
    """
    runs, size = _runs(text)
    module = side / (size + 2 * _QUIET)
    commands = ["q", "1 sc", f"{left:.3f} {bottom:.3f} {side:.3f} {side:.3f} re f", "0 sc"]
    commands.append(
        f"{module:.5f} 0 0 {module:.5f} {left + _QUIET * module:.3f} {bottom + _QUIET * module:.3f} cm"
    )
    commands += [f"{start} {size - 1 - row} {length} 1 re" for row, start, length in runs]
    return [*commands, "f", "Q"]


@lru_cache(maxsize=64)
def _runs(text: str) -> tuple[tuple[tuple[int, int, int], ...], int]:
    """Dark modules in a row taken together: row from the top, first column, how many."""
    try:
        code = segno.make_qr(text, error="m", boost_error=False)
    except ValueError:
        raise DocumentRefused("stamp_link_too_long") from None
    rows = [list(row) for row in code.matrix]
    found = []
    for number, row in enumerate(rows):
        column = 0
        while column < len(row):
            start = column
            while column < len(row) and row[column]:
                column += 1
            if column > start:
                found.append((number, start, column - start))
            column += 1
    return tuple(found), len(rows)
