"""SPECIMEN cards: drawn, photographed, and recognisably not real."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hkeid.kernel.errors import ConfigurationError
from hkeid.ports.documents import CardField
from hkeid.testing.personas import PERSONAS
from hkeid.testing.specimen_card import (
    Condition,
    draw_card,
    face_of,
    fonts,
    photograph,
    printed_fields,
)
from hkeid.testing.specimen_card.face import printed_birth_date


def _pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.int16)


@pytest.mark.parametrize("key", PERSONAS)
def test_every_persona_has_a_card(key: str) -> None:
    fields = printed_fields(face_of(PERSONAS[key]))
    assert fields[CardField.HKIC_NUMBER] == PERSONAS[key].hkic_number.reveal()
    assert {CardField.ISSUED, CardField.FIRST_REGISTRATION, CardField.SYMBOLS} <= set(fields)
    assert (CardField.NAME_CHINESE in fields) == (PERSONAS[key].name.chinese is not None)


def test_the_card_says_that_it_is_a_specimen() -> None:
    """Red print at the foot and across the card, and nothing else that is so red."""
    pixels = _pixels(draw_card(face_of(PERSONAS["chan-tai-man"])))
    assert pixels.shape == (1009, 1600, 3)
    red = (pixels[:, :, 0] > 180) & (pixels[:, :, 1] < 70)
    assert red[790:880, 60:450].sum() > 4000
    pale = (pixels[:, :, 0] - pixels[:, :, 1] > 25) & (pixels[:, :, 0] > 200)
    assert pale.sum() > 40_000


def test_a_given_portrait_is_printed_in_grey() -> None:
    written = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(written, "JPEG")
    face = face_of(PERSONAS["lee-sze"])
    given, drawn = (_pixels(draw_card(face, portrait=one)) for one in (written.getvalue(), None))
    place = given[250:760, 90:470]
    assert np.abs(place - drawn[250:760, 90:470]).mean() > 20
    assert np.abs(place.max(axis=2) - place.min(axis=2)).max() < 40


def test_the_same_seed_gives_the_same_photograph() -> None:
    card = draw_card(face_of(PERSONAS["yip-nin"]))
    first, again, other = (photograph(card, Condition.MIXED, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_there_are_at_least_ten_conditions_and_all_give_pictures() -> None:
    card = draw_card(face_of(PERSONAS["wolfe-bartholomew"]))
    sizes = {_pixels(photograph(card, condition)).shape for condition in Condition}
    assert len(Condition) >= 10
    assert sizes == {(1440, 1920, 3), (750, 1000, 3)}


@pytest.mark.parametrize(
    ("key", "printed"),
    [("chan-tai-man", "12-04-1985"), ("mak-yuet", "11-1961"), ("yip-nin", "1938")],
)
def test_birth_dates_as_printed(key: str, printed: str) -> None:
    assert printed_birth_date(PERSONAS[key].born) == printed


def test_without_fonts_the_package_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fonts, "_PLACES", (tmp_path, tmp_path / "none"))
    for cached in (fonts.font, fonts._face):
        cached.cache_clear()
    with pytest.raises(ConfigurationError, match="fonts-noto-cjk") as refused:
        draw_card(face_of(PERSONAS["lee-sze"]))
    assert refused.value.reason == "fonts_missing"
    for cached in (fonts.font, fonts._face):
        cached.cache_clear()
