"""A card photographed: well, and in the ways in which people photograph."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from hkeid.testing.specimen_card import desks

_Floats = NDArray[np.float64]


class Condition(StrEnum):
    """How a photograph was taken."""

    CLEAN = "clean"
    ROTATED = "rotated"
    UPSIDE_DOWN = "upside-down"
    PERSPECTIVE = "perspective"
    BLUR_2 = "blur-2"
    BLUR_4 = "blur-4"
    MOTION = "motion"
    GLARE = "glare"
    NOISE = "noise"
    LOW_RESOLUTION = "low-resolution"
    DARK = "dark"
    JPEG = "jpeg"
    CLUTTERED = "cluttered"
    HELD = "held"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Camera:
    """One way of taking a picture; lengths in pixels of a frame 1920 wide.

    :ivar width: of the card.
    :ivar turn: smallest and largest rotation in degrees, to either side.
    :ivar tilt: how far corners are drawn in, as a part of the card's size.
    :ivar blur: standard deviation of a Gaussian blur.
    :ivar motion: length of a smear.
    :ivar noise: standard deviation of the noise, of 255.
    :ivar gain: factor on the light.
    :ivar frame: width of the picture that is kept.
    """

    width: float = 1330
    turn: tuple[float, float] = (0, 3)
    tilt: float = 0.02
    blur: float = 0
    motion: int = 0
    noise: float = 2
    gain: float = 1
    glare: bool = False
    held: bool = False
    quality: int = 90
    frame: int = 1920
    desk: Callable[[np.random.Generator], Image.Image] = desks.plain


_CAMERAS = {
    Condition.CLEAN: _Camera(),
    Condition.ROTATED: _Camera(width=1220, turn=(12, 35)),
    Condition.UPSIDE_DOWN: _Camera(turn=(172, 188)),
    Condition.PERSPECTIVE: _Camera(width=1400, tilt=0.26),
    Condition.BLUR_2: _Camera(blur=2),
    Condition.BLUR_4: _Camera(blur=4),
    Condition.MOTION: _Camera(motion=13),
    Condition.GLARE: _Camera(glare=True),
    Condition.NOISE: _Camera(noise=26),
    Condition.LOW_RESOLUTION: _Camera(width=1400, frame=1000),
    Condition.DARK: _Camera(gain=0.24, noise=5),
    Condition.JPEG: _Camera(quality=18),
    Condition.CLUTTERED: _Camera(turn=(0, 14), tilt=0.06, desk=desks.cluttered),
    Condition.HELD: _Camera(turn=(0, 10), tilt=0.06, held=True),
    Condition.MIXED: _Camera(
        turn=(4, 18), tilt=0.09, blur=1.4, noise=12, gain=0.6, quality=45, glare=True
    ),
}


def photograph(card: bytes, condition: Condition = Condition.CLEAN, *, seed: int = 0) -> bytes:
    """Photograph a drawn card.

    :param card: what :func:`hkeid.testing.specimen_card.draw_card` gives.
    :param seed: the same seed gives the same picture.
    :return: a JPEG.
    """
    camera = _CAMERAS[condition]
    chance = np.random.default_rng([seed, list(Condition).index(condition)])
    scene = camera.desk(chance)
    with Image.open(io.BytesIO(card)) as opened:
        corners = _corners(camera, opened.width / opened.height, chance)
        _place(scene, opened.convert("RGBA"), corners)
    if camera.held:
        _thumb(scene, corners, chance)
    light = np.asarray(scene, dtype=np.float64) * camera.gain
    if camera.glare:
        light = _glare(light, corners, chance)
    scene = Image.fromarray(light.clip(0, 255).astype(np.uint8))
    scene = _smeared(scene.filter(ImageFilter.GaussianBlur(camera.blur)), camera.motion)
    if camera.frame != scene.width:
        height = round(scene.height * camera.frame / scene.width)
        scene = scene.resize((camera.frame, height), Image.Resampling.LANCZOS)
    noisy = np.asarray(scene, dtype=np.float64)
    noisy = noisy + chance.normal(0, camera.noise, noisy.shape)
    written = io.BytesIO()
    final = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
    final.save(written, "JPEG", quality=camera.quality)
    return written.getvalue()


def _corners(camera: _Camera, ratio: float, chance: np.random.Generator) -> _Floats:
    """Where the card's corners come to lie: left top, right top, right bottom, left bottom."""
    half = np.array([camera.width / 2, camera.width / ratio / 2])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float64) * half
    # A far side: two neighbouring corners move together, as when the camera is not straight above.
    side, depth = int(chance.integers(4)), camera.tilt * chance.uniform(0.7, 1)
    pair = [side, (side + 1) % 4]
    middle = corners[pair].mean(axis=0)
    corners[pair] = middle + (corners[pair] - middle) * (1 - depth)
    corners[pair] -= middle * depth * 0.8
    corners += chance.uniform(-0.12, 0.12, (4, 2)) * camera.tilt * half
    angle = math.radians(chance.uniform(*camera.turn)) * (1 if chance.random() < 0.5 else -1)
    cos, sin = math.cos(angle), math.sin(angle)
    turned = corners @ np.array([[cos, sin], [-sin, cos]])
    frame = np.array(desks.FRAME, dtype=np.float64)
    room = frame - (turned.max(axis=0) - turned.min(axis=0)) - 40
    if room.min() < 0:
        turned *= (frame - 40).min() / (frame - 40 - room).max() * 0.98
        room = frame - (turned.max(axis=0) - turned.min(axis=0)) - 40
    place = 20 + room.clip(0) * (0.5 + chance.uniform(-0.3, 0.3, 2))
    laid: _Floats = turned - turned.min(axis=0) + place
    return laid


def _place(scene: Image.Image, card: Image.Image, corners: _Floats) -> None:
    width, height = card.size
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(corners, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    found = np.linalg.solve(np.array(rows), source.reshape(8))
    laid = card.transform(
        scene.size, Image.Transform.PERSPECTIVE, found.tolist(), Image.Resampling.BICUBIC
    )
    shadow = laid.getchannel("A").filter(ImageFilter.GaussianBlur(10))
    dark = Image.new("L", scene.size, 0)
    dark.paste(shadow.point(lambda part: part // 3), (7, 9))
    scene.paste((0, 0, 0), (0, 0), dark)
    scene.paste(laid, (0, 0), laid)


def _glare(light: _Floats, corners: _Floats, chance: np.random.Generator) -> _Floats:
    """A lamp's reflection somewhere on the card: white in the middle, fading out."""
    left, right = corners[:, 0].min(), corners[:, 0].max()
    top, bottom = corners[:, 1].min(), corners[:, 1].max()
    x, y = chance.uniform(left, right), chance.uniform(top, bottom)
    across = (np.arange(light.shape[1])[None, :] - x) / chance.uniform(90, 210)
    down = (np.arange(light.shape[0])[:, None] - y) / chance.uniform(50, 110)
    spot = np.exp(-(across**2 + down**2)) * chance.uniform(150, 250)
    lit: _Floats = np.minimum(light + spot[:, :, None], 255.0)
    return lit


def _smeared(scene: Image.Image, length: int) -> Image.Image:
    """A hand that moved sideways during the exposure."""
    if length < 2:
        return scene
    light = np.asarray(scene, dtype=np.float64)
    total = sum(np.roll(light, shift, axis=1) for shift in range(length))
    smeared = np.asarray(total, dtype=np.float64) / length
    return Image.fromarray(smeared.clip(0, 255).astype(np.uint8))


def _thumb(scene: Image.Image, corners: _Floats, chance: np.random.Generator) -> None:
    """A thumb over the left or right edge, where nothing is printed."""
    pair = (0, 3) if chance.random() < 0.5 else (1, 2)
    edge = corners[list(pair)]
    at = edge[0] + (edge[1] - edge[0]) * chance.uniform(0.45, 0.8)
    out = at - corners.mean(axis=0)
    out /= np.linalg.norm(out)
    tip, root = at - out * 22, at + out * 420
    layer = Image.new("L", scene.size, 0)
    draw = ImageDraw.Draw(layer)
    wide = 62
    draw.line([tuple(tip), tuple(root)], fill=255, width=wide * 2)
    draw.ellipse((tip[0] - wide, tip[1] - wide, tip[0] + wide, tip[1] + wide), fill=255)
    skin = tuple(int(part) for part in np.array([202, 156, 130]) * chance.uniform(0.6, 1.1))
    scene.paste(skin, (0, 0), layer.filter(ImageFilter.GaussianBlur(3)))
