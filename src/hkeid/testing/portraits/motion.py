"""A head that turns: the picture laid over an ellipsoid with a nose, seen from another side.

No more than what a plain challenge asks for, and far from a deep fake; that it passes shows how
little such a challenge proves.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import lru_cache

from hkeid.kernel.errors import MissingExtra
from hkeid.ports.faces import CapturedFrame, LivenessChallenge, LivenessEvidence
from hkeid.testing.portraits.pictures import SELFIE, crop, generator, jpeg, photographed
from hkeid.testing.portraits.sources import Pixels, head

try:
    import cv2
    import numpy as np
except ImportError as _missing:
    raise MissingExtra(_missing.name or "cv2", "face") from _missing

FULL_TURN = 28
"""Degrees."""

_EVERY_MS = 200
_REACTION_MS = 500
_RAMP_MS = 400
_FACE = 150.0
_STEP = 2
"""Degrees between the poses that are drawn."""


@lru_cache(maxsize=256)
def pose(key: str, degrees: int) -> Pixels:
    """A persona in front of a camera, turned about the vertical axis.

    :param degrees: positive: to the person's own left, which is the right side of the picture.
    """
    found = head(key)
    frontal = crop(found, SELFIE, face=_FACE, height=0.42)
    if degrees == 0:
        return frontal
    middle = SELFIE[0] / 2
    nose_across = middle + (found.nose[0] - found.eyes[0])
    nose_down = SELFIE[1] * 0.42 + (found.nose[1] - found.eyes[1])
    axis = (middle + nose_across) / 2
    across, down = 0.8 * _FACE, 0.97 * _FACE
    centre = SELFIE[1] * 0.42 + 0.25 * across
    return _turned(
        frontal, (axis, centre), (across, down), (nose_down - 12 - centre) / down, degrees
    )


def _turned(
    pixels: Pixels,
    centre: tuple[float, float],
    radii: tuple[float, float],
    nose: float,
    degrees: float,
) -> Pixels:
    height, width = pixels.shape[:2]
    angle = np.radians(degrees)
    columns = (np.arange(width) - centre[0]) / radii[0]
    rows = (np.arange(height) - centre[1]) / radii[1]
    across = np.empty((height, width), np.float32)
    for number, row in enumerate(rows):
        square = columns**2 + row**2
        depth = np.sqrt(np.clip(1 - square, 0, None))
        depth += 0.4 * np.exp(-((columns / 0.3) ** 2 + ((row - nose) / 0.39) ** 2))
        moved = columns * np.cos(angle) + depth * np.sin(angle)
        inside = 1 / (1 + np.exp((square - 0.95) * 9))
        seen = columns + (moved - columns) * inside
        # What lies behind something nearer is not seen.
        seen = np.maximum.accumulate(seen) + np.arange(width) * 1e-7
        across[number] = np.interp(columns, seen, np.arange(width))
    down = np.repeat(np.arange(height, dtype=np.float32)[:, None], width, axis=1)
    result: Pixels = cv2.remap(
        pixels, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return result


def film(
    key: str, angles: Iterable[tuple[int, float]], *, seed: str = "film"
) -> Iterator[CapturedFrame]:
    """Frames at the given milliseconds, the head turned by the given degrees."""
    chance = generator(f"{seed} {key}")
    for at_ms, degrees in angles:
        wanted = degrees + chance.normal(0, 0.8)
        turned = pose(key, round(wanted / _STEP) * _STEP)
        yield CapturedFrame(at_ms=at_ms, image=jpeg(photographed(turned, chance, strength=0.4), 78))


def schedule(challenge: LivenessChallenge) -> list[tuple[int, float]]:
    """When a willing person has turned how far: milliseconds and degrees."""
    chance = generator(f"schedule {challenge.nonce}")
    steps = challenge.client["steps"]
    angles, at_ms = [], 120
    while at_ms < challenge.client["duration_ms"]:
        angles.append((at_ms, sum(_part(at_ms, step) for step in steps)))
        at_ms += _EVERY_MS + int(chance.integers(-15, 25))
    return angles


def _part(at_ms: int, step: dict[str, int | str]) -> float:
    """Degrees that one step of the challenge asks for at a moment."""
    begun = int(step["after_ms"]) + _REACTION_MS
    ended = int(step["after_ms"]) + int(step["hold_ms"])
    rising = (at_ms - begun) / _RAMP_MS
    falling = (ended - at_ms) / _RAMP_MS + 1
    amount = max(0.0, min(rising, falling, 1.0))
    return amount * (FULL_TURN if step["turn"] == "left" else -FULL_TURN)


def head_turn(key: str, challenge: LivenessChallenge) -> LivenessEvidence:
    """What a willing persona's browser sends for a built-in challenge.

    The check does not believe an answer that comes before it could be given: let
    :func:`answer_time` pass before it is judged.
    """
    frames = tuple(film(key, schedule(challenge), seed=challenge.nonce))
    gaps = [later.at_ms - earlier.at_ms for earlier, later in itertools.pairwise(frames)]
    capture = {
        "label": "FaceTime HD Camera",
        "width": str(SELFIE[0]),
        "height": str(SELFIE[1]),
        "gaps_ms": ",".join(str(one) for one in gaps),
    }
    return LivenessEvidence(nonce=challenge.nonce, frames=frames, capture=capture)


def answer_time(challenge: LivenessChallenge) -> timedelta:
    """How long a challenge takes to answer."""
    return timedelta(milliseconds=int(challenge.client["duration_ms"]))
