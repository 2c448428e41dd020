"""A portrait as on a card, and a selfie of the same person: other crop, light, ground and noise."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

from hkeid.kernel.errors import MissingExtra
from hkeid.testing.portraits.sources import FACE, Head, Pixels, head

try:
    import cv2
    import numpy as np
except ImportError as _missing:
    raise MissingExtra(_missing.name or "cv2", "face") from _missing

PORTRAIT = (300, 386)
"""Width and height, 35 × 45 millimetres."""

SELFIE = (480, 360)
"""Width and height."""


@lru_cache(maxsize=64)
def portrait(key: str) -> bytes:
    """A passport-style portrait of a persona, upright, as JPEG."""
    found = head(key)
    cut = crop(found, PORTRAIT, face=0.5 * PORTRAIT[0], height=0.42)
    return jpeg(cut, 88)


@lru_cache(maxsize=64)
def selfie(key: str, variant: int = 0) -> bytes:
    """A selfie of a persona as JPEG, as a phone's camera would take it in a room.

    :param variant: other light, place and noise for every number.
    """
    chance = generator(f"selfie {key} {variant}")
    face = 140 + 30 * chance.random()
    cut = crop(
        head(key),
        SELFIE,
        face=face,
        height=0.42 + 0.06 * (chance.random() - 0.5),
        across=0.5 + 0.1 * (chance.random() - 0.5),
        angle=8 * (chance.random() - 0.5),
    )
    return jpeg(photographed(cut, chance), 82)


def generator(seed: str) -> Any:
    """Numbers that are the same on every machine."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big"))


def crop(
    found: Head,
    size: tuple[int, int],
    *,
    face: float,
    height: float,
    across: float = 0.5,
    angle: float = 0.0,
) -> Pixels:
    """Part of a head's picture.

    :param face: width of the face in pixels of the result.
    :param height: where the eyes are, from the top, as part of the height; ``across`` from the left.
    :param angle: degrees by which the head is inclined.
    """
    turn = cv2.getRotationMatrix2D(found.eyes, angle, face / FACE)
    turn[0, 2] += size[0] * across - found.eyes[0]
    turn[1, 2] += size[1] * height - found.eyes[1]
    cut: Pixels = cv2.warpAffine(
        found.pixels, turn, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return cut


def photographed(pixels: Pixels, chance: Any, *, strength: float = 1.0) -> Pixels:
    """Another light (side, colour, exposure), some noise."""
    height, width = pixels.shape[:2]
    side = np.linspace(-1, 1, width)[None, :, None] * (0.18 * strength * (chance.random() - 0.5))
    colour = 1 + 0.12 * strength * (chance.random(3) - 0.5)
    exposure = 1 + 0.25 * strength * (chance.random() - 0.5)
    lit = pixels.astype(np.float32) * exposure * colour * (1 + side)
    lit += chance.normal(0, 4 * strength, (height, width, 1)).astype(np.float32)
    result: Pixels = np.clip(lit, 0, 255).astype(np.uint8)
    return result


def jpeg(pixels: Pixels, quality: int) -> bytes:
    """Encode."""
    from hkeid.adapters.images import encode_jpeg

    return encode_jpeg(pixels, quality=quality)
