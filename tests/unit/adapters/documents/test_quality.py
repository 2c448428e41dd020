"""Quality gates: each with its own reason."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from hkeid.adapters.documents.quality import Quality, likely_reason, measure, part, refusal
from hkeid.adapters.documents.rectification import HEIGHT, WIDTH
from hkeid.adapters.images import Pixels, decode
from hkeid.ports.documents import RetakeAdvice
from hkeid.testing.personas import PERSONAS
from hkeid.testing.specimen_card import draw_card, face_of


@pytest.fixture(scope="module")
def card() -> Pixels:
    drawn = decode(draw_card(face_of(PERSONAS["lee-sze"])))
    assert drawn.shape == (HEIGHT, WIDTH, 3)
    return drawn


def test_a_good_picture_passes(card: Pixels) -> None:
    good = measure(card, 1300)
    assert refusal(good) is None
    assert likely_reason(good) is None


@pytest.mark.parametrize(("gain", "advice"), [(0.08, RetakeAdvice.TOO_DARK), (0.25, None)])
def test_darkness(card: Pixels, gain: float, advice: RetakeAdvice | None) -> None:
    assert refusal(measure(cv2.convertScaleAbs(card, alpha=gain), 1300)) is advice


def test_a_little_light_explains_what_could_not_be_read(card: Pixels) -> None:
    dim = measure(cv2.convertScaleAbs(card, alpha=0.2), 1300)
    assert (refusal(dim), likely_reason(dim)) == (None, RetakeAdvice.TOO_DARK)


def test_a_grey_copy_in_any_light(card: Pixels) -> None:
    grey = np.repeat(cv2.cvtColor(card, cv2.COLOR_BGR2GRAY)[:, :, None], 3, axis=2)
    warm = (grey * np.array([0.8, 0.95, 1.0])).astype(np.uint8)
    chance = np.random.default_rng(1)
    noisy = (grey * 0.5 + chance.normal(0, 12, grey.shape)).clip(0, 255).astype(np.uint8)
    for copy in (grey, warm, noisy):
        assert refusal(measure(copy, 1300)) is RetakeAdvice.BLACK_AND_WHITE


def test_a_noisy_dim_colour_picture_is_no_copy(card: Pixels) -> None:
    chance = np.random.default_rng(1)
    noisy = (card * 0.25 + chance.normal(0, 8, card.shape)).clip(0, 255).astype(np.uint8)
    assert refusal(measure(noisy, 1300)) is None


def test_glare_on_the_portrait_and_on_the_print(card: Pixels) -> None:
    portrait, text = card.copy(), card.copy()
    cv2.circle(portrait, (280, 480), 120, (255, 255, 255), -1)
    cv2.circle(text, (1200, 870), 120, (255, 255, 255), -1)
    assert refusal(measure(portrait, 1300)) is RetakeAdvice.GLARE
    assert refusal(measure(text, 1300)) is None
    assert likely_reason(measure(text, 1300)) is RetakeAdvice.GLARE


def test_blur_explains_what_could_not_be_read(card: Pixels) -> None:
    assert likely_reason(measure(cv2.GaussianBlur(card, (0, 0), 9), 1300)) is RetakeAdvice.BLURRED


def test_too_small_and_no_portrait(card: Pixels) -> None:
    good = measure(card, 1300)
    assert refusal(replace(good, width=600)) is RetakeAdvice.TOO_SMALL
    blank = card.copy()
    cv2.rectangle(blank, (60, 220), (500, 790), (225, 235, 230), -1)
    assert refusal(measure(blank, 1300)) is RetakeAdvice.NO_PORTRAIT


def test_the_first_reason_is_the_one_to_mend_first() -> None:
    everything = Quality(
        width=10, light=1, colour=0, sharpness=0, glare_portrait=1, glare_text=1, portrait=0
    )
    assert refusal(everything) is RetakeAdvice.TOO_SMALL


def test_parts_stay_on_the_card(card: Pixels) -> None:
    assert part(card, (-50, -50, 2000, 2000)).shape == card.shape
    assert Image.fromarray(part(card, (0, 0, 500, 100))).size == (800, 160)
