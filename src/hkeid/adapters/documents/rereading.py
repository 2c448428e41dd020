"""Looking again, and closer, where a field is missing or contradicted.

The places are nominal ones of the 2018 card, wide enough for a card that was straightened a little
askew. Only recognition runs there: what the detector does not see as text may still be read. A
place is read several times in different ways; what is taken must have been read so at least twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

import cv2
import numpy as np

from hkeid.adapters.documents.quality import part
from hkeid.adapters.documents.text_engine import TextEngine
from hkeid.adapters.images import Pixels
from hkeid.enrolment.card_face import CardFaceReading, TelegraphCodes, TextLine, read_card_face
from hkeid.enrolment.card_face.codes import COUNT, DISAGREES
from hkeid.ports.documents import CardField

_Box = tuple[int, int, int, int]

_PLACES: dict[CardField, _Box] = {
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
_SHIFTS = ((0,), (-9, 9))
_SURE = 0.9
_TWICE = 2
_MARGIN = 5
_CONTRADICTED = (CardField.COMMERCIAL_CODE, CardField.NAME_CHINESE)
_NEVER_ONCE = frozenset({CardField.HKIC_NUMBER})


class CloserLook:
    """Reads single places of a card again."""

    def __init__(self, engine: TextEngine, codes: TelegraphCodes) -> None:
        self._engine = engine
        self._codes = codes

    def look(self, card: Pixels, lines: Sequence[TextLine], *, today: date) -> tuple[TextLine, ...]:
        """The lines, with what a second look adds or replaces."""
        now = tuple(lines)
        reading = self._parse(now, today)
        for field in reading.missing:
            found = self._found(card, now, field, today)
            if found is not None:
                now = (*now, found)
        reading = self._parse(now, today)
        if _contradicted(reading):
            now = self._agreeing(card, now, reading, today)
        return now

    def _parse(self, lines: Sequence[TextLine], today: date) -> CardFaceReading:
        return read_card_face(lines, today=today, codes=self._codes)

    def _found(
        self, card: Pixels, lines: tuple[TextLine, ...], field: CardField, today: date
    ) -> TextLine | None:
        """A line that gives the missing field, read so twice or surely."""
        votes: defaultdict[str, list[TextLine]] = defaultdict(list)
        for shifts in _SHIFTS:
            for line in self._lines(card, _PLACES[field], shifts):
                read = self._parse((*lines, line), today).fields.get(field)
                if read is not None:
                    votes[read.value].append(line)
            best = max(votes.values(), key=len, default=[])
            sure = field not in _NEVER_ONCE and any(one.confidence >= _SURE for one in best)
            if len(best) >= _TWICE or (best and len(votes) == 1 and sure):
                return max(best, key=lambda line: line.confidence)
        return None

    def _agreeing(
        self,
        card: Pixels,
        lines: tuple[TextLine, ...],
        reading: CardFaceReading,
        today: date,
    ) -> tuple[TextLine, ...]:
        """Name and code contradict each other: the first second reading that ends it is right."""
        for field in _CONTRADICTED:
            box = reading.fields[field].box
            if box is None:
                continue
            others = tuple(line for line in lines if _rounded(line) != box)
            wide = (box[0] - _MARGIN, box[1] - _MARGIN, box[2] + _MARGIN, box[3] + _MARGIN)
            for place in (wide, _PLACES[field]):
                for line in self._lines(card, place, (0,)):
                    tried = (*others, line)
                    again = self._parse(tried, today)
                    if not _contradicted(again) and set(_CONTRADICTED) <= set(again.fields):
                        return tried
        return lines

    def _lines(self, card: Pixels, place: _Box, shifts: Sequence[int]) -> list[TextLine]:
        boxes, crops = [], []
        for shift in shifts:
            box = (place[0], place[1] + shift, place[2], place[3] + shift)
            for crop in _ways_to_see(card, box):
                boxes.append(box)
                crops.append(crop)
        return [
            TextLine(
                text=text, confidence=sure, left=box[0], top=box[1], right=box[2], bottom=box[3]
            )
            for box, (text, sure) in zip(boxes, self._engine.read(crops), strict=True)
        ]


def _contradicted(reading: CardFaceReading) -> bool:
    return DISAGREES in reading.warnings or COUNT in reading.warnings


def _rounded(line: TextLine) -> _Box:
    return round(line.left), round(line.top), round(line.right), round(line.bottom)


def _ways_to_see(card: Pixels, box: _Box) -> Iterator[Pixels]:
    """As it is; and calmed, in grey, with more contrast."""
    crop = part(card, box)
    yield crop
    grey = cv2.cvtColor(cv2.GaussianBlur(crop, (5, 5), 0), cv2.COLOR_BGR2GRAY)
    even = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(2, 8)).apply(grey)
    sharp = cv2.addWeighted(even, 1.8, cv2.GaussianBlur(even, (0, 0), 5), -0.8, 0)
    yield np.ascontiguousarray(cv2.cvtColor(sharp, cv2.COLOR_GRAY2BGR))
