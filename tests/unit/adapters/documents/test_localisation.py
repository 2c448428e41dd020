"""Finding the card in a photograph, without reading it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from hkeid.adapters.documents.localisation import Corners, find_cards, side_lengths
from hkeid.adapters.documents.rectification import HEIGHT, WIDTH, lightened, straighten, turned
from hkeid.adapters.images import decode
from hkeid.testing.personas import PERSONAS
from hkeid.testing.specimen_card import Condition, draw_card, face_of, photograph, photographs

CARD = draw_card(face_of(PERSONAS["sample-jane"]))


def _truth(
    condition: Condition, seed: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[bytes, Corners]:
    """A photograph, and where its card lies."""
    laid: list[Corners] = []
    whole = photographs._corners

    def watched(*arguments: object) -> Corners:
        laid.append(whole(*arguments))  # type: ignore[arg-type]
        return laid[-1]

    monkeypatch.setattr(photographs, "_corners", watched)
    return photograph(CARD, condition, seed=seed), laid[0]


@pytest.mark.parametrize(
    "condition",
    [Condition.CLEAN, Condition.ROTATED, Condition.PERSPECTIVE, Condition.BLUR_4, Condition.DARK,
     Condition.MIXED],
)  # fmt: skip
def test_the_card_is_among_the_first_candidates(
    condition: Condition, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, truth = _truth(condition, 4, monkeypatch)
    width = side_lengths(truth)[0]
    errors = [
        min(float(np.abs(np.roll(found, turn, axis=0) - truth).max()) for turn in (0, 2))
        for found in find_cards(decode(photo))[:4]
    ]
    assert min(errors) < 0.03 * width


@pytest.mark.ocr
def test_on_white_paper_the_print_tells_where_the_card_lies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from hkeid.adapters.documents.by_print import find_by_print
    from hkeid.adapters.documents.text_engine import TextEngine

    photo, truth = _truth(Condition.CLUTTERED, 4, monkeypatch)
    found = find_by_print(decode(photo), TextEngine())
    assert found is not None
    assert float(np.abs(found - truth).max()) < 0.03 * side_lengths(truth)[0]


def test_a_picture_of_the_card_alone_is_a_candidate_itself() -> None:
    picture = np.full((1009, 1600, 3), 200, np.uint8)
    assert [found.round().tolist() for found in find_cards(picture)] == [
        [[0, 0], [1599, 0], [1599, 1008], [0, 1008]]
    ]


def test_nothing_to_find() -> None:
    assert find_cards(np.full((1000, 900, 3), 127, np.uint8)) == []
    assert find_cards(np.zeros((1, 1, 3), np.uint8)) == []


def test_noise_gives_candidates_or_none_but_no_error() -> None:
    chance = np.random.default_rng(3)
    for size in ((40, 700), (300, 320), (5, 5)):
        noise = chance.integers(0, 256, (*size, 3), dtype=np.uint8)
        for found in find_cards(noise):
            assert straighten(noise, found).shape == (HEIGHT, WIDTH, 3)


def test_turning_twice_changes_nothing() -> None:
    picture = np.arange(HEIGHT * WIDTH * 3, dtype=np.uint8).reshape(HEIGHT, WIDTH, 3)
    assert (turned(turned(picture)) == picture).all()


def test_a_dark_card_is_lightened_and_a_light_one_left() -> None:
    levels = [lightened(np.full((8, 8, 3), dark, np.uint8)).mean() for dark in (20, 60, 149, 200)]
    assert levels[-1] == 200
    assert levels[0] == 120
    assert all(left <= right + 40 for left, right in pairwise(levels))
