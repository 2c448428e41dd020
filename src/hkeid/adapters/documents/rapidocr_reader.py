"""Reading an identity card: find it, straighten it, read it, read again what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import cv2
import numpy as np

from hkeid.adapters.documents import quality
from hkeid.adapters.documents.commercial_codes import ZhTelecodes
from hkeid.adapters.documents.localisation import Corners, find_cards, side_lengths
from hkeid.adapters.documents.rectification import HEIGHT, WIDTH, lightened, straighten, turned
from hkeid.adapters.documents.rereading import closer, looks_at
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
_MOST_TRIED = 6
_MOST_LINES = 60
_GOOD_ENOUGH = 2
_DARK_PICTURE = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """One candidate that has the heading of an identity card."""

    raw: Pixels
    card: Pixels
    width: float
    lines: tuple[TextLine, ...]
    reading: CardFaceReading


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
        best: _Card | None = None
        for corners in candidates:
            found = self._identity_card(pixels, corners, today)
            if found is None:
                continue
            if best is None or len(found.reading.fields) > len(best.reading.fields):
                best = found
            if len(best.reading.missing) <= _GOOD_ENOUGH:
                break
        if best is None:
            return DocumentReading(advice=_why_no_card(pixels, found=bool(candidates)), reader=NAME)
        return _answer(self._read_again(best, today))

    def _identity_card(self, pixels: Pixels, corners: Corners, today: date) -> _Card | None:
        """A candidate read, if the heading of an identity card stands at its top."""
        raw = straighten(pixels, corners)
        card = lightened(raw)
        height = round(HEIGHT * _SEEN_WIDTH / WIDTH)
        seen = cv2.resize(card, (_SEEN_WIDTH, height), interpolation=cv2.INTER_AREA)
        boxes = [
            box * np.float32(WIDTH / _SEEN_WIDTH) for box in self._engine.find(seen)[:_MOST_LINES]
        ]
        heading = self._heading(card, boxes)
        if not heading:
            raw, card = turned(raw), turned(card)
            boxes = [_turned_box(box) for box in boxes]
            heading = self._heading(card, boxes)
        if not heading:
            return None
        rest = self._lines(card, [box for box in boxes if _middle(box) >= _STRIP])
        lines = (*heading, *rest)
        return _Card(
            raw=raw,
            card=card,
            width=side_lengths(corners)[0],
            lines=lines,
            reading=read_card_face(lines, today=today, codes=self._codes),
        )

    def _heading(self, card: Pixels, boxes: list[Corners]) -> tuple[TextLine, ...]:
        """The lines of the top strip, if one of them is the heading."""
        lines = self._lines(card, [box for box in boxes if _middle(box) < _STRIP])
        return lines if any(is_heading(line.text) for line in lines) else ()

    def _lines(self, card: Pixels, boxes: list[Corners]) -> tuple[TextLine, ...]:
        texts = self._engine.read([cut(card, box) for box in boxes])
        return tuple(_line(box, *said) for box, said in zip(boxes, texts, strict=True))

    def _read_again(self, found: _Card, today: date) -> _Card:
        """Look once more, and closer, where a field is missing."""
        if not found.reading.missing:
            return found
        lines = list(found.lines)
        for field in found.reading.missing:
            boxes = looks_at(field)
            crops = [crop for box in boxes for crop in closer(found.card, box)]
            texts = self._engine.read(crops)
            for number, (text, score) in enumerate(texts):
                box = boxes[number * len(boxes) // len(texts)]
                lines.append(
                    TextLine(
                        text=text,
                        confidence=score,
                        left=box[0],
                        top=box[1],
                        right=box[2],
                        bottom=box[3],
                    )
                )
        return replace(
            found, lines=tuple(lines), reading=read_card_face(lines, today=today, codes=self._codes)
        )


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


def _middle(box: Corners) -> float:
    return float(box[:, 1].mean()) * 1000 / WIDTH


def _turned_box(box: Corners) -> Corners:
    return np.roll(np.array([WIDTH, HEIGHT], dtype=np.float32) - box, 2, axis=0)


def _why_no_card(pixels: Pixels, *, found: bool) -> RetakeAdvice:
    if float(np.percentile(pixels.max(axis=2), 95)) < _DARK_PICTURE:
        return RetakeAdvice.TOO_DARK
    return RetakeAdvice.NOT_AN_IDENTITY_CARD if found else RetakeAdvice.NO_CARD


def _answer(found: _Card) -> DocumentReading:
    measured = quality.measure(found.raw, found.width)
    advice = quality.refusal(measured)
    if advice is None and found.reading.advice is not None:
        advice = quality.likely_reason(measured) or found.reading.advice
    return DocumentReading(
        fields=dict(found.reading.fields),
        advice=advice,
        warnings=found.reading.warnings,
        card=encode_jpeg(found.card),
        portrait=encode_png(quality.part(found.card, quality.PORTRAIT)),
        generation=found.reading.generation,
        reader=NAME,
    )
