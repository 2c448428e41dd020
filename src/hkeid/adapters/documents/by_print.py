"""Where a card lies, told by its print: for desks on which no outline can be seen.

The heading and the labels stand at known places of the card. Where at least four of their ends are
found in the photograph, they say where the corners are. Slower than outlines, and as exact as the
nominal places are, so it comes last.
"""

from __future__ import annotations

import re

import cv2
import numpy as np

from hkeid.adapters.documents.localisation import RATIO, Corners, side_lengths
from hkeid.adapters.documents.text_engine import TextEngine, cut
from hkeid.adapters.images import Pixels
from hkeid.enrolment.card_face.lines import compact

_SEARCHED = 1280
_MOST_READ = 24
_ENOUGH = 4
_HIGH = 1000 / RATIO

_Ends = tuple[tuple[float, float], tuple[float, float] | None]

# Left end and right end of a line, in per mille of the card's width; None where its length varies.
_PLACES: tuple[tuple[re.Pattern[str], _Ends], ...] = (
    (re.compile("香港永久性.{1,3}身份[證証]"), ((270, 46), (730, 46))),
    (re.compile("香港居民身份[證証]"), ((341, 46), (659, 46))),
    (re.compile("H[O0]NGK[O0]NGPERMANENT"), ((168, 96), (832, 96))),
    (re.compile("H[O0]NGK[O0]NG[I1L]DENT"), ((274, 96), (726, 96))),
    (re.compile("出生日期"), ((342, 316), None)),
    (re.compile("性[別别]SEX"), ((634, 316), None)),
    (re.compile("[簽签]發日期"), ((342, 446), None)),
    (re.compile(r"^[A-Z]{1,2}[0-9]{6}\([0-9A]\)$"), ((665, 558), None)),
)


def find_by_print(pixels: Pixels, engine: TextEngine) -> Corners | None:
    """The corners of the card, or None where too little of its print was found."""
    scale = min(1.0, _SEARCHED / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    boxes = [box / np.float32(scale) for box in engine.find(small)]
    boxes.sort(key=lambda box: -side_lengths(box)[0])
    boxes = boxes[:_MOST_READ]
    texts = engine.read([cut(pixels, box) for box in boxes])
    found: dict[tuple[float, float], tuple[float, tuple[float, float]]] = {}
    for box, (text, _) in zip(boxes, texts, strict=True):
        for pattern, ends in _PLACES:
            if pattern.search(compact(text)):
                _note(found, box, ends)
                break
    if len(found) < _ENOUGH:
        return None
    places = np.array(list(found), dtype=np.float32)
    seen = np.array([point for _, point in found.values()], dtype=np.float32)
    return _corners(places, seen)


def _note(
    found: dict[tuple[float, float], tuple[float, tuple[float, float]]], box: Corners, ends: _Ends
) -> None:
    """Keep the ends of a line; of two lines that say the same, those of the larger one."""
    size = side_lengths(box)[1]
    for place, pair in zip(ends, ((0, 3), (1, 2)), strict=True):
        if place is not None and (place not in found or found[place][0] < size):
            middle = (box[pair[0]] + box[pair[1]]) / 2
            found[place] = (size, (float(middle[0]), float(middle[1])))


def _corners(places: Corners, seen: Corners) -> Corners | None:
    """A perspective where the lines found spread over the card, else turn and scale alone."""
    card = np.array([[[0, 0], [1000, 0], [1000, _HIGH], [0, _HIGH]]], dtype=np.float32)
    spread = float(np.ptp(places[:, 1]))
    if spread > 300 and len(places) > _ENOUGH:
        whole, _ = cv2.findHomography(places, seen, cv2.RANSAC, 12.0)
        if whole is None:
            return None
        corners = cv2.perspectiveTransform(card, whole)[0]
    else:
        turn, _ = cv2.estimateAffinePartial2D(places, seen)
        if turn is None:
            return None
        corners = cv2.transform(card, turn)[0]
    if not np.isfinite(corners).all() or not cv2.isContourConvex(corners.reshape(-1, 1, 2)):
        return None
    return np.asarray(corners, dtype=np.float32)
