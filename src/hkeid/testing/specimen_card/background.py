"""The ground of the card: soft colours and fine waves, like nothing that is issued."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

SIZE = (1600, 1009)
"""ID-1 format, 85.60 × 53.98 mm, about 475 dots per inch."""

_CORNERS = np.array(
    [[[222, 236, 244], [246, 232, 226]], [[226, 242, 228], [240, 230, 244]]], dtype=np.float64
)
_INKS = ((150, 188, 206), (206, 172, 186), (164, 200, 168))


def ground() -> Image.Image:
    """A fresh ground of :data:`SIZE`."""
    width, height = SIZE
    right = np.linspace(0, 1, width)[None, :, None]
    down = np.linspace(0, 1, height)[:, None, None]
    top = _CORNERS[0, 0] * (1 - right) + _CORNERS[0, 1] * right
    bottom = _CORNERS[1, 0] * (1 - right) + _CORNERS[1, 1] * right
    shade = (top * (1 - down) + bottom * down).astype(np.uint8)
    picture = Image.fromarray(shade)
    _waves(picture)
    return picture


def _waves(picture: Image.Image) -> None:
    width, height = SIZE
    draw = ImageDraw.Draw(picture)
    across = np.arange(0, width + 8, 8)
    for ink, colour in enumerate(_INKS):
        for line in range(-6, 40):
            base = line * 27 + ink * 9
            wave = base + (26 + 8 * ink) * np.sin(across / (150 + 40 * ink) + line / 5 + ink)
            wave += 7 * np.sin(across / 31 + line)
            draw.line(list(zip(across.tolist(), wave.tolist(), strict=True)), fill=colour, width=1)
    _rosette(draw, (1410, 770), 190)
    _rosette(draw, (800, 560), 300)
    draw.line([(0, 196), (width, 196)], fill=(120, 160, 176), width=3)
    draw.line([(0, height - 62), (width, height - 62)], fill=(120, 160, 176), width=2)


def _rosette(draw: ImageDraw.ImageDraw, centre: tuple[int, int], radius: int) -> None:
    turn = np.linspace(0, 2 * np.pi, 721)
    for ring in range(6):
        reach = radius * (0.55 + 0.09 * ring) * (1 + 0.16 * np.sin((7 + ring) * turn + ring))
        points = zip(
            (centre[0] + reach * np.cos(turn)).tolist(),
            (centre[1] + reach * np.sin(turn)).tolist(),
            strict=True,
        )
        draw.line(list(points), fill=_INKS[ring % 3], width=1)
