"""Where a card may lie in a photograph."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from hkeid.adapters.images import Pixels

RATIO = 85.60 / 53.98
"""Width to height of an ID-1 card."""

_TOLERANCE = 0.35
_SEARCHED = 1000
"""Longest side of the copy that is searched."""
_SMALLEST_PART = 0.05
_MOST_CONTOURS = 12
_SAME = 0.025
_AT_THE_FRAME = 4.0
_MOST_VOTES = 5
_SIDE_MIDDLE = (0.15, 0.85)

Corners = NDArray[np.float32]
"""Four points: left top, right top, right bottom, left bottom of a card that lies upright or on its
head; the long sides are above and below."""


def find_cards(pixels: Pixels, *, most: int = 8) -> list[Corners]:
    """Four-cornered things with the proportions of a card, the likeliest first.

    The whole picture is the last candidate where it has these proportions itself: somebody may have
    cut it to the card.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, _SEARCHED / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    groups: list[list[Corners]] = []
    for mask in _masks(small):
        for corners in _quadrangles(mask):
            for group in groups:
                if _alike(corners, group[0], size):
                    group.append(corners)
                    break
            else:
                groups.append([corners])
    groups.sort(key=lambda group: -_likelihood(group, size))
    candidates = [_middle_of(group) / np.float32(scale) for group in groups[: most - 1]]
    if _fits(width, height):
        right, bottom = width - 1, height - 1
        frame = np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]], dtype=np.float32)
        candidates.append(frame)
    return candidates


def side_lengths(corners: Corners) -> tuple[float, float]:
    """Mean width and mean height of a candidate, in pixels."""
    across = np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])
    down = np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])
    return float(across) / 2, float(down) / 2


def _fits(width: float, height: float) -> bool:
    return abs(width / max(height, 1e-6) / RATIO - 1) <= _TOLERANCE


def _masks(small: Pixels) -> Iterator[NDArray[np.uint8]]:
    """Black-and-white pictures in which a card may be one white patch."""
    calm = cv2.GaussianBlur(small, (7, 7), 0)
    grey = cv2.cvtColor(calm, cv2.COLOR_BGR2GRAY)
    lab = cv2.cvtColor(calm, cv2.COLOR_BGR2LAB)
    kernel = np.ones((5, 5), np.uint8)
    for channel in (grey, lab[:, :, 2], lab[:, :, 1]):
        _, light = cv2.threshold(channel, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        for mask in (light, cv2.bitwise_not(light)):
            yield cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel, iterations=3)
            yield cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel, iterations=3)
    for low, high in ((20, 60), (60, 160)):
        edges = cv2.dilate(cv2.Canny(grey, low, high), kernel)
        yield edges
        yield cv2.bitwise_not(edges)


def _quadrangles(mask: NDArray[np.uint8]) -> Iterator[Corners]:
    least = mask.shape[0] * mask.shape[1] * _SMALLEST_PART
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    large = [contour for contour in contours if cv2.contourArea(cv2.convexHull(contour)) >= least]
    large.sort(key=cv2.contourArea, reverse=True)
    for contour in large[:_MOST_CONTOURS]:
        corners = _four_corners(cv2.convexHull(contour))
        if corners is None or _is_frame(corners, mask.shape):
            continue
        if _fits(*side_lengths(corners)):
            yield corners


def _is_frame(corners: Corners, shape: tuple[int, ...]) -> bool:
    """The border of the picture itself."""
    height, width = shape[:2]
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    return all(np.abs(frame - corner).max(axis=1).min() < 6 for corner in corners)


def _four_corners(hull: NDArray[np.int32]) -> Corners | None:
    """A hull with round corners, as the four lines along its sides; their crossings are the corners."""
    length = cv2.arcLength(hull, closed=True)
    rough = None
    for part in (0.02, 0.03, 0.045, 0.06, 0.08):
        points = cv2.approxPolyDP(hull, part * length, closed=True)
        if len(points) == 4:
            rough = points.reshape(4, 2).astype(np.float32)
            break
    if rough is None:
        rough = cv2.boxPoints(cv2.minAreaRect(hull)).astype(np.float32)
        area = cv2.contourArea(hull)
        if area < 0.85 * cv2.contourArea(rough):
            return None
    rough = _ordered(rough)
    fine = _along_sides(hull.reshape(-1, 2).astype(np.float32), rough)
    return rough if fine is None else fine


def _along_sides(outline: Corners, rough: Corners) -> Corners | None:
    lines = []
    for start, end in zip(rough, np.roll(rough, -1, axis=0), strict=True):
        along = end - start
        length = float(np.linalg.norm(along))
        if length < 8:
            return None
        along = along / length
        place = (outline - start) @ along / length
        away = np.abs((outline - start) @ np.array([-along[1], along[0]]))
        near = outline[
            (place > _SIDE_MIDDLE[0]) & (place < _SIDE_MIDDLE[1]) & (away < 0.03 * length + 3)
        ]
        if len(near) < 2:
            near = np.array([start, end])
        direction = cv2.fitLine(near, cv2.DIST_HUBER, 0, 0.01, 0.01).reshape(4)
        lines.append(direction)
    corners = [_crossing(lines[side - 1], lines[side]) for side in range(4)]
    fine = np.array([corner for corner in corners if corner is not None], dtype=np.float32)
    if len(fine) != 4 or np.abs(fine - rough).max() > 0.12 * float(side_lengths(rough)[0]):
        return None
    return fine


def _crossing(
    first: NDArray[np.float32], second: NDArray[np.float32]
) -> NDArray[np.float32] | None:
    matrix = np.array([[first[0], -second[0]], [first[1], -second[1]]], dtype=np.float64)
    if abs(np.linalg.det(matrix)) < 1e-3:
        return None
    step = np.linalg.solve(matrix, np.array([second[2] - first[2], second[3] - first[3]]))
    return np.array(
        [first[2] + step[0] * first[0], first[3] + step[0] * first[1]], dtype=np.float32
    )


def _ordered(points: Corners) -> Corners:
    """Clockwise, long sides above and below, the upper left corner first."""
    middle = points.mean(axis=0)
    angles = np.arctan2(points[:, 1] - middle[1], points[:, 0] - middle[0])
    turned = points[np.argsort(angles)]
    width, height = side_lengths(turned)
    if width < height:
        turned = np.roll(turned, -1, axis=0)
    if turned[0, 1] + turned[1, 1] > turned[2, 1] + turned[3, 1]:
        turned = np.roll(turned, 2, axis=0)
    return turned.astype(np.float32)


def _alike(first: Corners, second: Corners, size: tuple[int, int]) -> bool:
    return bool(np.abs(first - second).max() < _SAME * max(size))


def _middle_of(group: list[Corners]) -> Corners:
    """Each mask sees the edge a little otherwise; the median of them is nearest."""
    return np.median(np.array(group), axis=0).astype(np.float32)


def _likelihood(group: list[Corners], size: tuple[int, int]) -> float:
    """Large, with the right proportions, seen in several masks, and not cut off by the frame."""
    corners = _middle_of(group)
    width, height = side_lengths(corners)
    off = abs(width / max(height, 1e-6) / RATIO - 1)
    inside = np.minimum(corners, np.array(size, dtype=np.float32) - corners).min(axis=1)
    cut_off = int((inside < _AT_THE_FRAME).sum())
    votes = min(len(group), _MOST_VOTES) / _MOST_VOTES
    return float(cv2.contourArea(corners)) * (1 - off) * (0.6 + 0.4 * votes) * 0.4**cut_off
