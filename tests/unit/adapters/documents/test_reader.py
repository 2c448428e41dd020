"""The whole way from a photograph to fields, with the real text recognition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from hkeid.adapters.documents import WorkerReader, reader_in_worker
from hkeid.adapters.documents.rapidocr_reader import RapidocrReader
from hkeid.adapters.images import decode, encode_jpeg
from hkeid.ports.documents import CardField, ImageRefused, RetakeAdvice
from hkeid.testing.personas import PERSONAS
from hkeid.testing.specimen_card import (
    CardFace,
    Condition,
    draw_card,
    face_of,
    photograph,
    printed_fields,
)

pytestmark = pytest.mark.ocr

NOW = datetime(2026, 11, 28, 4, tzinfo=UTC)
FACE = face_of(PERSONAS["ko-shat-ka"])


class Stopped:
    """A clock that stands at NOW."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def reader() -> RapidocrReader:
    return RapidocrReader(clock=Stopped())


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerReader]:
    reader = reader_in_worker(clock=Stopped(), timeout=120)
    yield reader
    reader.close()


def _photo(face: CardFace, condition: Condition = Condition.CLEAN) -> bytes:
    return photograph(draw_card(face), condition, seed=11)


def test_a_clean_photograph_gives_every_field(reader: RapidocrReader) -> None:
    reading = reader.read(_photo(FACE))
    assert {name: field.value for name, field in reading.fields.items()} == printed_fields(FACE)
    assert (reading.advice, reading.warnings, reading.generation) == (None, (), "hkic-2018")
    assert reading.reader.startswith("rapidocr 3.10.0")
    assert reading.card is not None
    assert reading.portrait is not None
    card, portrait = decode(reading.card), decode(reading.portrait)
    assert card.shape == (1009, 1600, 3)
    assert 0.6 < portrait.shape[1] / portrait.shape[0] < 0.9
    for field in reading.fields.values():
        assert field.box is not None
        assert 0.5 < field.confidence <= 1


def test_a_card_on_its_head_is_turned(reader: RapidocrReader) -> None:
    reading = reader.read(_photo(FACE, Condition.UPSIDE_DOWN))
    assert reading.fields[CardField.HKIC_NUMBER].value == FACE.number
    assert reading.advice is None


def test_a_number_with_a_wrong_check_character_is_never_given(reader: RapidocrReader) -> None:
    reading = reader.read(_photo(FACE.but(number="Q000135(7)")))
    assert CardField.HKIC_NUMBER not in reading.fields
    assert reading.advice is RetakeAdvice.NUMBER_UNREADABLE


def test_a_grey_copy_is_refused(reader: RapidocrReader) -> None:
    grey = cv2.cvtColor(decode(_photo(FACE)), cv2.COLOR_BGR2GRAY)
    copy = encode_jpeg(np.repeat(grey[:, :, None], 3, axis=2))
    assert reader.read(copy).advice is RetakeAdvice.BLACK_AND_WHITE


def test_a_far_away_card_is_too_small(reader: RapidocrReader) -> None:
    far = decode(_photo(FACE))
    picture = encode_jpeg(cv2.resize(far, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA))
    assert reader.read(picture).advice is RetakeAdvice.TOO_SMALL


def test_another_card_is_no_identity_card(reader: RapidocrReader) -> None:
    photo = np.full((1000, 1400, 3), 90, np.uint8)
    cv2.rectangle(photo, (200, 200), (1200, 830), (220, 230, 240), -1)
    cv2.putText(
        photo, "LIBRARY CARD 0042", (260, 320), cv2.FONT_HERSHEY_SIMPLEX, 2, (20, 20, 20), 5
    )
    reading = reader.read(encode_jpeg(photo))
    assert (reading.advice, dict(reading.fields)) == (RetakeAdvice.NOT_AN_IDENTITY_CARD, {})
    assert (reading.card, reading.portrait) == (None, None)


@pytest.mark.parametrize(
    ("light", "advice"), [(200, RetakeAdvice.NO_CARD), (9, RetakeAdvice.TOO_DARK)]
)
def test_an_empty_desk(reader: RapidocrReader, light: int, advice: RetakeAdvice) -> None:
    empty = np.full((800, 1600, 3), light, np.uint8)
    assert reader.read(encode_jpeg(empty)).advice is advice


def test_what_is_no_picture_is_refused(reader: RapidocrReader) -> None:
    with pytest.raises(ImageRefused) as refused:
        reader.read(b"%PDF-1.7")
    assert refused.value.reason == "image_kind_unknown"


def test_the_same_in_a_worker(worker: WorkerReader) -> None:
    reading = worker.read(_photo(FACE, Condition.MIXED))
    assert reading.fields[CardField.HKIC_NUMBER].value == FACE.number
    assert reading.card is not None
    with pytest.raises(ImageRefused) as refused:
        worker.read(b"")
    assert refused.value.reason == "image_empty"
