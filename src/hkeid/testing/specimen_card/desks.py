"""What the card lies on."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from hkeid.testing.specimen_card.fonts import SANS, font

FRAME = (1920, 1440)
"""A photograph of 2.8 megapixels, as a page sends it."""

_PLAIN = ((92, 74, 58), (60, 66, 74), (170, 164, 152), (38, 40, 44), (120, 132, 120), (66, 84, 110))


def plain(chance: np.random.Generator) -> Image.Image:
    """A desk of one colour, unevenly lit."""
    width, height = FRAME
    colour = np.array(_PLAIN[chance.integers(len(_PLAIN))], dtype=np.float64)
    right = np.linspace(-1, 1, width)[None, :]
    down = np.linspace(-1, 1, height)[:, None]
    light = 1 + 0.12 * (right * chance.uniform(-1, 1) + down * chance.uniform(-1, 1))
    grain = chance.normal(0, 2.5, (height, width))
    desk = colour[None, None, :] * light[:, :, None] + grain[:, :, None]
    return Image.fromarray(desk.clip(0, 255).astype(np.uint8))


def cluttered(chance: np.random.Generator) -> Image.Image:
    """A wooden desk with papers, another card, a phone and a pen."""
    desk = _wood(chance)
    for _ in range(3):
        _lay(desk, _paper(chance), chance)
    _lay(desk, _other_card(chance), chance)
    phone = Image.new("RGBA", (360, 720), (18, 18, 22, 255))
    ImageDraw.Draw(phone).rounded_rectangle((14, 14, 346, 706), 30, fill=(36, 44, 58, 255))
    _lay(desk, phone, chance)
    pen = Image.new("RGBA", (640, 26), (24, 60, 140, 255))
    ImageDraw.Draw(pen).rectangle((560, 0, 640, 26), fill=(200, 200, 206, 255))
    _lay(desk, pen, chance)
    return desk


def _wood(chance: np.random.Generator) -> Image.Image:
    width, height = FRAME
    down = np.arange(height)[:, None]
    right = np.arange(width)[None, :]
    rings = np.sin((down + 18 * np.sin(right / 210 + chance.uniform(0, 6))) / chance.uniform(7, 13))
    veins = chance.normal(0, 1, (height, 1)) * 7 + rings * 9
    desk = np.array([142.0, 104.0, 70.0])[None, None, :] + veins[:, :, None]
    return Image.fromarray(desk.clip(0, 255).astype(np.uint8))


def _paper(chance: np.random.Generator) -> Image.Image:
    paper = Image.new("RGBA", (760, 980), (244, 243, 238, 255))
    draw = ImageDraw.Draw(paper)
    draw.text((70, 60), "Minutes of the meeting", (40, 40, 40), font(SANS, 44, bold=True))
    for line in range(20):
        words = "會議紀錄 " * 2 + "item " * int(chance.integers(3, 9))
        draw.text((70, 140 + line * 40), words[:52], (70, 70, 70), font(SANS, 26))
    return paper


def _other_card(chance: np.random.Generator) -> Image.Image:
    colour = tuple(int(part) for part in chance.integers(40, 220, 3))
    card = Image.new("RGBA", (860, 540), (*colour, 255))
    draw = ImageDraw.Draw(card)
    draw.text((60, 60), "LIBRARY 圖書證", (255, 255, 255), font(SANS, 70, bold=True))
    draw.text((60, 400), "0042 1177 2025", (255, 255, 255), font(SANS, 60))
    return card


def _lay(desk: Image.Image, thing: Image.Image, chance: np.random.Generator) -> None:
    turned = thing.rotate(chance.uniform(-50, 50), Image.Resampling.BICUBIC, expand=True)
    place = (
        int(chance.uniform(-0.4, 0.9) * FRAME[0]),
        int(chance.uniform(-0.4, 0.9) * FRAME[1]),
    )
    shadow = Image.new("RGBA", turned.size, (0, 0, 0, 0))
    shadow.putalpha(turned.getchannel("A").point(lambda part: part // 3))
    desk.paste(shadow, (place[0] + 8, place[1] + 10), shadow.filter(ImageFilter.GaussianBlur(6)))
    desk.paste(turned, place, turned)
