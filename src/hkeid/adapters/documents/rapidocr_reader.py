"""Reading an identity card: find it, straighten it, read it, read again what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import cv2
import numpy as np

from hkeid.adapters.documents import quality
from hkeid.adapters.documents.by_print import find_by_print
from hkeid.adapters.documents.commercial_codes import ZhTelecodes
from hkeid.adapters.documents.localisation import Corners, find_cards, side_lengths
from hkeid.adapters.documents.rectification import HEIGHT, WIDTH, lightened, straighten, turned
from hkeid.adapters.documents.rereading import CloserLook
from hkeid.adapters.documents.text_engine import NAME, TextEngine, cut
from hkeid.adapters.images import Pixels, decode, encode_jpeg, encode_png
from hkeid.adapters.system import SystemClock
from hkeid.enrolment.card_face import CardFaceReading, TextLine, read_card_face
from hkeid.enrolment.card_face.layout import is_heading
from hkeid.kernel.instants import Instant
from hkeid.ports import Clock
from hkeid.ports.documents import DocumentReading, RetakeAdvice

_HONG_KONG = timedelta(hours=8)
_SEEN_WIDTH = 1120
"""Width of the copy in which text is searched."""
_STRIP = 215.0
"""The heading stands above this height (per mille of the width)."""
_MOST_TRIED = 4
_MOST_LINES = 30
_MOST_HEADING = 4
_GOOD_ENOUGH = 2
_STEEPEST = 0.03
_DARK_PICTURE = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A candidate with the heading of an identity card at its top.

    :ivar raw: straightened, in the light of the photograph.
    :ivar card: the same, lightened.
    :ivar boxes: where text is, the heading apart.
    """

    raw: Pixels
    card: Pixels
    width: float
    heading: tuple[TextLine, ...]
    boxes: tuple[Corners, ...]
    slope: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """A candidate that was read."""

    seen: _Seen
    lines: tuple[TextLine, ...]
    reading: CardFaceReading

    @property
    def good_enough(self) -> bool:
        """Nearly everything was read: no other outline need be tried."""
        return len(self.reading.missing) <= _GOOD_ENOUGH


class RapidocrReader:
    """:class:`hkeid.ports.DocumentReader` in this process. One call at a time.

    :param threads: of the models.
    :param models: folder with the model files; None: those of the installed rapidocr.
    :raises hkeid.kernel.errors.ConfigurationError: a model is not the known one.
    """

    def __init__(
        self, *, clock: Clock | None = None, threads: int = 1, models: Path | None = None
    ) -> None:
        cv2.setNumThreads(threads)
        self._clock = clock or SystemClock()
        self._engine = TextEngine(threads=threads, models=models)
        self._codes = ZhTelecodes()
        self._closer = CloserLook(self._engine, self._codes)

    def read(self, image: bytes) -> DocumentReading:
        """Read an encoded picture.

        :raises hkeid.ports.documents.ImageRefused: the picture breaks a limit or does not decode.
        """
        return self.read_at(image, self._clock.now())

    def read_at(self, image: bytes, now: Instant) -> DocumentReading:
        """As :meth:`read`, at a given moment: no date on the card may lie behind it."""
        pixels = decode(image)
        today = (now + _HONG_KONG).date()
        candidates = find_cards(pixels, most=_MOST_TRIED)
        best = self._best(pixels, candidates, today)
        if best is None:
            return DocumentReading(advice=_why_no_card(pixels, candidates), reader=NAME)
        lines = self._closer.look(best.seen.card, best.lines, today=today)
        return _answer(best.seen, read_card_face(lines, today=today, codes=self._codes))

    def _best(self, pixels: Pixels, candidates: list[Corners], today: date) -> _Card | None:
        """The first candidate that lies straight and reads well, else the one that reads best.

        Where outlines do not give one, the print is asked where the card lies. At most three
        candidates are read whole.
        """
        read: list[_Card] = []
        crooked: list[_Seen] = []
        for corners in candidates:
            seen = self._see(pixels, corners)
            if seen is not None and seen.slope >= _STEEPEST:
                crooked.append(seen)
            elif seen is not None:
                read.append(self._read(seen, today))
                if read[-1].good_enough:
                    return read[-1]
                break
        by_print = find_by_print(pixels, self._engine)
        seen = None if by_print is None else self._see(pixels, by_print)
        for other in [seen, *crooked[:1]]:
            if other is not None and not any(card.good_enough for card in read):
                read.append(self._read(other, today))
        return max(read, key=lambda card: len(card.reading.fields), default=None)

    def _see(self, pixels: Pixels, corners: Corners) -> _Seen | None:
        """Straighten a candidate, and look whether it is an identity card, either way up."""
        raw = straighten(pixels, corners)
        card = lightened(raw)
        height = round(HEIGHT * _SEEN_WIDTH / WIDTH)
        seen = cv2.resize(card, (_SEEN_WIDTH, height), interpolation=cv2.INTER_AREA)
        boxes = [box * np.float32(WIDTH / _SEEN_WIDTH) for box in self._engine.find(seen)]
        for turn in (False, True):
            if turn:
                raw, card = turned(raw), turned(card)
                boxes = [_turned_box(box) for box in boxes]
            strip = sorted((box for box in boxes if _middle(box) < _STRIP), key=_largest_first)
            top = strip[:_MOST_HEADING]
            heading = self._lines(card, top)
            if any(is_heading(line.text) for line in heading):
                below = [box for box in boxes if _middle(box) >= _STRIP]
                return _Seen(
                    raw=raw,
                    card=card,
                    width=side_lengths(corners)[0],
                    heading=heading,
                    boxes=(*strip[_MOST_HEADING:], *below)[:_MOST_LINES],
                    slope=max(_slope(box) for box in top),
                )
        return None

    def _read(self, seen: _Seen, today: date) -> _Card:
        lines = (*seen.heading, *self._lines(seen.card, list(seen.boxes)))
        reading = read_card_face(lines, today=today, codes=self._codes)
        return _Card(seen=seen, lines=lines, reading=reading)

    def _lines(self, card: Pixels, boxes: list[Corners]) -> tuple[TextLine, ...]:
        texts = self._engine.read([cut(card, box) for box in boxes])
        return tuple(_line(box, *said) for box, said in zip(boxes, texts, strict=True))


def _slope(box: Corners) -> float:
    """Of a long line, as the heading is; 0 for all others."""
    along = box[1] - box[0]
    if abs(float(along[0])) < WIDTH / 5:
        return 0.0
    return abs(float(along[1] / along[0]))


def _line(box: Corners, text: str, score: float) -> TextLine:
    left, top = box.min(axis=0) * (1000 / WIDTH)
    right, bottom = box.max(axis=0) * (1000 / WIDTH)
    return TextLine(
        text=text,
        confidence=score,
        left=float(left),
        top=float(top),
        right=float(right),
        bottom=float(bottom),
    )


def _largest_first(box: Corners) -> float:
    width, height = side_lengths(box)
    return -width * height


def _middle(box: Corners) -> float:
    return float(box[:, 1].mean()) * 1000 / WIDTH


def _turned_box(box: Corners) -> Corners:
    return np.roll(np.array([WIDTH, HEIGHT], dtype=np.float32) - box, 2, axis=0)


def _why_no_card(pixels: Pixels, candidates: list[Corners]) -> RetakeAdvice:
    if float(np.percentile(pixels.max(axis=2), 95)) < _DARK_PICTURE:
        return RetakeAdvice.TOO_DARK
    whole = 0.97 * pixels.shape[0] * pixels.shape[1]
    things = [corners for corners in candidates if cv2.contourArea(corners) < whole]
    return RetakeAdvice.NOT_AN_IDENTITY_CARD if things else RetakeAdvice.NO_CARD


def _answer(seen: _Seen, reading: CardFaceReading) -> DocumentReading:
    measured = quality.measure(seen.raw, seen.width)
    advice = quality.refusal(measured)
    if advice is None and reading.advice is not None:
        advice = quality.likely_reason(measured) or reading.advice
    return DocumentReading(
        fields=dict(reading.fields),
        advice=advice,
        warnings=reading.warnings,
        card=encode_jpeg(seen.card),
        portrait=encode_png(quality.part(seen.card, quality.PORTRAIT)),
        generation=reading.generation,
        reader=NAME,
    )
