"""Is the photograph good enough? Figures of the straightened card, and what to say about them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hkeid.adapters.documents.rectification import HEIGHT, WIDTH
from hkeid.adapters.images import Pixels
from hkeid.ports.documents import RetakeAdvice

PORTRAIT = (36, 138, 316, 494)
"""Left, top, right, bottom of the portrait, in per mille of the card's width, with a margin."""

_PORTRAIT_INSIDE = (60, 170, 290, 460)
_NUMBER = (540, 510, 980, 585)
_TEXT = (330, 115, 980, 585)

SMALLEST_CARD = 700
"""Pixels of the card's width in the photograph: the portrait's face is then about 110 wide."""

_DARK = 32.0
_COLOURLESS = 0.0045
_SATURATED = 252
_GLARE_PORTRAIT = 0.10
_GLARE_TEXT = 0.03
_BLURRED = 22.0
_FLAT_PORTRAIT = 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Figures of one photograph.

    :ivar width: of the card in the photograph, in pixels.
    :ivar light: brightness that nine tenths of the card stay below, of 255.
    :ivar colour: spread of the colours, independent of the light; near 0 for a grey copy.
    :ivar sharpness: variance of the Laplacian, by contrast.
    :ivar glare_portrait: part of the portrait that is burnt out.
    :ivar glare_text: part of the print that is burnt out.
    :ivar portrait: contrast of the portrait.
    """

    width: float
    light: float
    colour: float
    sharpness: float
    glare_portrait: float
    glare_text: float
    portrait: float


def measure(card: Pixels, width: float) -> Quality:
    """Measure a straightened card as it was photographed (not lightened)."""
    grey = cv2.cvtColor(card, cv2.COLOR_BGR2GRAY)
    light = float(np.percentile(grey, 90))
    return Quality(
        width=width,
        light=light,
        colour=_colour(card),
        sharpness=_sharpness(grey, light),
        glare_portrait=_burnt(card, _PORTRAIT_INSIDE),
        glare_text=max(_burnt(card, _TEXT), _burnt(card, _NUMBER)),
        portrait=float(part(grey, _PORTRAIT_INSIDE).std()) * 200 / max(light, 1.0),
    )


def refusal(quality: Quality) -> RetakeAdvice | None:
    """What rules a photograph out, however well it can be read."""
    if quality.width < SMALLEST_CARD:
        return RetakeAdvice.TOO_SMALL
    if quality.light < _DARK:
        return RetakeAdvice.TOO_DARK
    if quality.colour < _COLOURLESS:
        return RetakeAdvice.BLACK_AND_WHITE
    if quality.glare_portrait > _GLARE_PORTRAIT:
        return RetakeAdvice.GLARE
    if quality.portrait < _FLAT_PORTRAIT:
        return RetakeAdvice.NO_PORTRAIT
    return None


def likely_reason(quality: Quality) -> RetakeAdvice | None:
    """Why something could not be read, where the picture shows it."""
    if quality.light < 2 * _DARK:
        return RetakeAdvice.TOO_DARK
    if quality.glare_text > _GLARE_TEXT:
        return RetakeAdvice.GLARE
    if quality.sharpness < _BLURRED:
        return RetakeAdvice.BLURRED
    return None


def part(card: Pixels, box: tuple[int, int, int, int]) -> Pixels:
    """A part of the card; the box in per mille of its width."""
    left, top, right, bottom = (round(edge * WIDTH / 1000) for edge in box)
    return card[max(top, 0) : min(bottom, HEIGHT), max(left, 0) : min(right, WIDTH)]


def _burnt(card: Pixels, box: tuple[int, int, int, int]) -> float:
    """Part of the pixels that are burnt out, at a quarter of the size: single ones are noise."""
    spots = cv2.resize(part(card, box), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    return float((spots.min(axis=2) >= _SATURATED).mean())


def _colour(card: Pixels) -> float:
    """Spread of the share that red and blue have in the light, over patches: noise averages out."""
    patches = cv2.resize(card, (80, 50), interpolation=cv2.INTER_AREA).astype(np.float64)
    total = patches.sum(axis=2)
    lit = total > total.max() / 4
    if not lit.any():
        return 0.0
    shares = patches[lit] / total[lit][:, None]
    return float(shares[:, 0].std() + shares[:, 2].std())


def _sharpness(grey: Pixels, light: float) -> float:
    """Of the print, at half the size, so that noise counts little."""
    text = part(grey, _TEXT)
    half = cv2.resize(text, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    level = cv2.GaussianBlur(half, (3, 3), 0).astype(np.float32) * (200 / max(light, 1.0))
    return float(cv2.Laplacian(level, cv2.CV_32F).var())
