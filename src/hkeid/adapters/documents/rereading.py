"""Where to look again for a field that was not found, and how to look closer.

The places are nominal ones of the 2018 card, wide enough for a card that was straightened a little
askew. Only recognition runs there: what the detector does not see as text may still be read.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from hkeid.adapters.documents.quality import part
from hkeid.adapters.images import Pixels
from hkeid.ports.documents import CardField

Box = tuple[int, int, int, int]

_PLACES: dict[CardField, Box] = {
    CardField.NAME_CHINESE: (334, 126, 640, 196),
    CardField.NAME_ENGLISH: (334, 206, 800, 250),
    CardField.COMMERCIAL_CODE: (334, 250, 700, 290),
    CardField.BIRTH_DATE: (334, 320, 600, 368),
    CardField.SEX: (622, 320, 740, 368),
    CardField.SYMBOLS: (334, 374, 500, 420),
    CardField.FIRST_REGISTRATION: (334, 452, 520, 502),
    CardField.ISSUED: (334, 500, 540, 550),
    CardField.HKIC_NUMBER: (640, 518, 970, 586),
}
_SHIFTS = (0, -9, 9)


def looks_at(field: CardField) -> tuple[Box, ...]:
    """Places in per mille of the card's width: left, top, right, bottom."""
    left, top, right, bottom = _PLACES[field]
    return tuple((left, top + shift, right, bottom + shift) for shift in _SHIFTS)


def closer(card: Pixels, box: Box) -> Iterator[Pixels]:
    """The place as it is, calmed and with more contrast."""
    crop = part(card, box)
    yield crop
    grey = cv2.cvtColor(cv2.GaussianBlur(crop, (5, 5), 0), cv2.COLOR_BGR2GRAY)
    even = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(2, 8)).apply(grey)
    sharp = cv2.addWeighted(even, 1.8, cv2.GaussianBlur(even, (0, 0), 5), -0.8, 0)
    yield np.ascontiguousarray(cv2.cvtColor(sharp, cv2.COLOR_GRAY2BGR))
