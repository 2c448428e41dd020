"""Which way a face looks, from five points."""

from __future__ import annotations

import math
from collections.abc import Sequence

FRONTAL = 0.45
"""Faces in a comparison may be turned so far; frontal ones reach 0.36 (measured, other landmarks)."""

Point = tuple[float, float]


def turn_of(points: Sequence[Point]) -> float:
    """(nose − middle of the eyes) along the line through the eyes, by the distance of the eyes.

    About 0 for a frontal face, positive when the nose points to the right side of the picture: the
    person turned to their own left.

    :param points: two corners of the eye on the picture's right, two of the other, then the nose, as
        dlib's five-point model gives them.
    """
    right = _middle(points[0], points[1])
    left = _middle(points[2], points[3])
    eyes = _middle(left, right)
    across = (right[0] - left[0], right[1] - left[1])
    square = across[0] ** 2 + across[1] ** 2
    if square < 1:
        return math.inf
    nose = points[4]
    return ((nose[0] - eyes[0]) * across[0] + (nose[1] - eyes[1]) * across[1]) / square


def _middle(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
