"""The card cut out and straightened, and its light evened."""

from __future__ import annotations

import cv2
import numpy as np

from hkeid.adapters.documents.localisation import RATIO, Corners
from hkeid.adapters.images import Pixels

WIDTH = 1600
HEIGHT = round(WIDTH / RATIO)

_BRIGHT, _DIM = 235.0, 150.0
_MOST_GAIN = 6.0


def straighten(pixels: Pixels, corners: Corners) -> Pixels:
    """Warp what lies between four corners to :data:`WIDTH` × :data:`HEIGHT`."""
    target = np.array(
        [[0, 0], [WIDTH - 1, 0], [WIDTH - 1, HEIGHT - 1], [0, HEIGHT - 1]], dtype=np.float32
    )
    turn = cv2.getPerspectiveTransform(np.asarray(corners, dtype=np.float32), target)
    card: Pixels = cv2.warpPerspective(pixels, turn, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    return card


def turned(pixels: Pixels) -> Pixels:
    """The same by 180 degrees."""
    return np.ascontiguousarray(pixels[::-1, ::-1])


def lightened(card: Pixels) -> Pixels:
    """A dark picture brought to the light of an ordinary one; others as they are."""
    bright = float(np.percentile(cv2.cvtColor(card, cv2.COLOR_BGR2GRAY), 90))
    if bright >= _DIM:
        return card
    gain = min(_MOST_GAIN, _BRIGHT / max(bright, 1.0))
    lit: Pixels = cv2.convertScaleAbs(card, alpha=gain)
    return lit
