"""Where the faces come from, brought to one size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hkeid.kernel.errors import ConfigurationError, MissingExtra
from hkeid.testing.portraits.avatars import draw_head

try:
    import cv2
    import numpy as np
except ImportError as _missing:
    raise MissingExtra(_missing.name or "cv2", "face") from _missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[np.uint8]"

FACE = 150.0
"""Pixels from one side of the face to the other, in every :class:`Head`."""

BORDER = 700
"""Pixels that a head has on every side, drawn out where its picture ends."""


@dataclass(frozen=True, slots=True)
class Source:
    """A picture in an installed package; eyes and nose were measured once.

    :ivar face: how wide the face is, in pixels of the picture.
    :ivar eyes: the middle between the eyes.
    :ivar nose: its tip.
    """

    package: str
    path: str
    face: float
    eyes: tuple[float, float]
    nose: tuple[float, float]


FACES = {
    "ho-sau-lan": Source(
        "scikit-image", "skimage/data/astronaut.png", 91, (225.0, 104.0), (224.0, 134.0)
    ),
    "kwok-lai-king": Source(
        "matplotlib",
        "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        205,
        (266.0, 192.0),
        (272.0, 250.0),
    ),
}
"""The personas that have a face."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A head, its face :data:`FACE` pixels wide, in a wide picture.

    :ivar eyes: the middle between the eyes.
    :ivar nose: its tip.
    """

    pixels: Pixels
    eyes: tuple[float, float]
    nose: tuple[float, float]


def has_face(key: str) -> bool:
    """Whether a persona has a face that a matcher can find."""
    return key in FACES


def _located(source: Source) -> Path:
    try:
        found = Path(str(distribution(source.package).locate_file(source.path)))
    except PackageNotFoundError:
        raise MissingExtra(source.package, "testing") from None
    if not found.is_file():
        raise ConfigurationError("picture_missing", detail=f"{source.path} of {source.package}")
    return found


@lru_cache(maxsize=8)
def head(key: str) -> Head:
    """The head of a persona; of any text, for that matter: who has no face gets a drawn one."""
    source = FACES.get(key)
    if source is None:
        return _framed(draw_head(key), FACE, (400.0, 370.0), (400.0, 425.0), FACE)
    pixels = cv2.imread(str(_located(source)), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ConfigurationError("picture_missing", detail=source.path)
    return _framed(pixels, source.face, source.eyes, source.nose, FACE)


def _framed(
    pixels: Pixels,
    width: float,
    eyes: tuple[float, float],
    nose: tuple[float, float],
    wanted: float,
) -> Head:
    scale = wanted / width
    kind = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    sized = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=kind)
    framed = cv2.copyMakeBorder(sized, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_REPLICATE)
    framed.flags.writeable = False
    return Head(
        framed,
        (eyes[0] * scale + BORDER, eyes[1] * scale + BORDER),
        (nose[0] * scale + BORDER, nose[1] * scale + BORDER),
    )
