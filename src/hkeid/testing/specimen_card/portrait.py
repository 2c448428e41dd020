"""The portrait on the card: a given picture, engraved in grey, or a drawn nobody."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFilter, ImageOps

_GREY_DARK, _GREY_LIGHT = (28, 26, 38), (236, 238, 240)


def engraved(portrait: bytes | None, size: tuple[int, int]) -> Image.Image:
    """A portrait of that size; a drawn placeholder where none is given.

    :param portrait: an encoded picture; its middle is used, face in the upper half.
    """
    if portrait is None:
        picture = _nobody().resize(size, Image.Resampling.LANCZOS)
    else:
        with Image.open(io.BytesIO(portrait)) as opened:
            picture = ImageOps.fit(
                opened.convert("RGB"), size, Image.Resampling.LANCZOS, centering=(0.5, 0.35)
            )
    grey = ImageOps.autocontrast(ImageOps.grayscale(picture), cutoff=1)
    return ImageOps.colorize(grey, _GREY_DARK, _GREY_LIGHT)


def _nobody() -> Image.Image:
    """Head and shoulders of no one."""
    picture = Image.new("RGB", (420, 540), (206, 210, 214))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((30, 400, 390, 760), fill=(84, 92, 108))  # shoulders
    draw.rectangle((175, 330, 245, 430), fill=(186, 164, 148))  # neck
    draw.polygon([(160, 425), (210, 480), (260, 425), (210, 410)], fill=(232, 232, 236))
    draw.ellipse((112, 92, 308, 330), fill=(54, 48, 50))  # hair
    draw.ellipse((128, 128, 292, 366), fill=(206, 184, 168))  # face
    draw.pieslice((116, 84, 304, 280), 185, 355, fill=(54, 48, 50))
    for eye in (172, 248):
        draw.ellipse((eye - 16, 226, eye + 16, 244), fill=(246, 246, 246))
        draw.ellipse((eye - 8, 226, eye + 8, 243), fill=(48, 40, 40))
        draw.arc((eye - 24, 200, eye + 24, 232), 200, 340, fill=(70, 60, 60), width=5)
    draw.line([(210, 238), (202, 282), (218, 284)], fill=(168, 142, 128), width=4)
    draw.arc((176, 292, 244, 328), 20, 160, fill=(150, 96, 96), width=5)
    return picture.filter(ImageFilter.GaussianBlur(1.2))
