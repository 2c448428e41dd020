"""Drawing the card, straight and clean."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from hkeid.identity.person import Sex
from hkeid.testing.specimen_card.background import SIZE, ground
from hkeid.testing.specimen_card.face import CardFace, printed_birth_date
from hkeid.testing.specimen_card.fonts import SANS, SERIF, font
from hkeid.testing.specimen_card.portrait import engraved

_INK, _LABEL, _RED = (24, 24, 34), (70, 96, 120), (196, 30, 46)
_PORTRAIT_PLACE, _PORTRAIT_SIZE = (72, 236), (420, 540)
_WINDOW = (1318, 250, 1528, 520)
_LEFT = 548
_NAME_WIDTH = 740


def draw_card(face: CardFace, *, portrait: bytes | None = None) -> bytes:
    """Draw a card as a PNG of 1600 × 1009 pixels with round, transparent corners.

    :param portrait: encoded picture of the holder; None draws a placeholder.
    :raises hkeid.kernel.errors.ConfigurationError: reason ``fonts_missing``.
    """
    card = ground()
    _specimen(card)
    draw = ImageDraw.Draw(card)
    picture = engraved(portrait, _PORTRAIT_SIZE)
    card.paste(picture, _PORTRAIT_PLACE)
    _heading(draw, permanent=face.permanent)
    _window(card, face.number, picture)
    _names(draw, face)
    _particulars(draw, face)
    draw.text((1064, 836), face.number, _INK, font(SANS, 74, bold=True))
    draw.text((72, 790), "SPECIMEN 樣本", _RED, font(SANS, 50, bold=True))
    draw.text((72, 856), "FICTIONAL PERSON 虛構人物", _RED, font(SANS, 26))
    written = io.BytesIO()
    _round(card).save(written, "PNG")
    return written.getvalue()


def _heading(draw: ImageDraw.ImageDraw, *, permanent: bool) -> None:
    chinese = "香港永久性居民身份證" if permanent else "香港居民身份證"
    english = "HONG KONG PERMANENT IDENTITY CARD" if permanent else "HONG KONG IDENTITY CARD"
    draw.text((800, 70), chinese, _INK, font(SERIF, 74, bold=True), anchor="mm")
    draw.text((800, 152), english, _INK, font(SERIF, 48, bold=True), anchor="mm")


def _names(draw: ImageDraw.ImageDraw, face: CardFace) -> None:
    if face.name_chinese:
        draw.text((_LEFT, 208), face.name_chinese, _INK, font(SERIF, 88, bold=True))
    size, lines = _wrapped(draw, face.name_english)
    top = 340 if face.name_chinese else 300
    for number, line in enumerate(lines):
        draw.text((_LEFT, top + number * (size + 8)), line, _INK, font(SANS, size, bold=True))
    if face.commercial_code:
        code = "  ".join(face.commercial_code)
        draw.text((_LEFT, 408), code, _INK, font(SANS, 42))


def _wrapped(draw: ImageDraw.ImageDraw, name: str) -> tuple[int, list[str]]:
    """Size and lines: long names are printed smaller, on up to four lines."""
    for size in (50, 42, 36, 32, 28):
        lines = [""]
        for word in name.split(" "):
            tried = f"{lines[-1]} {word}".strip()
            if lines[-1] and draw.textlength(tried, font(SANS, size, bold=True)) > _NAME_WIDTH:
                lines.append(word)
            else:
                lines[-1] = tried
        if len(lines) == 1 or (size <= 32 and len(lines) <= 4):
            break
    return size, lines


def _particulars(draw: ImageDraw.ImageDraw, face: CardFace) -> None:
    label, value = font(SANS, 30), font(SANS, 56, bold=True)
    draw.text((_LEFT, 486), "出生日期 Date of Birth", _LABEL, label)
    draw.text((1014, 486), "性別 Sex", _LABEL, label)
    draw.text((_LEFT, 520), printed_birth_date(face.birth_date), _INK, value)
    draw.text((1014, 520), "女 F" if face.sex is Sex.FEMALE else "男 M", _INK, value)
    draw.text((_LEFT, 604), face.symbols, _INK, value)
    draw.text((_LEFT, 694), "簽發日期 Date of Issue", _LABEL, label)
    year, month = face.first_registration.split("-")
    draw.text((_LEFT, 730), f"({month}-{year[2:]})", _INK, value)
    draw.text((_LEFT, 806), f"{face.issued:%d-%m-%y}", _INK, value)


def _window(card: Image.Image, number: str, portrait: Image.Image) -> None:
    """The see-through window: the portrait again, faintly, and the number in small print."""
    left, top, right, bottom = _WINDOW
    ghost = portrait.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
    pale = Image.blend(ghost, Image.new("RGB", ghost.size, (238, 244, 248)), 0.62)
    shape = Image.new("L", ghost.size, 0)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, *ghost.size), 60, fill=255)
    card.paste(pale, (left, top), shape)
    draw = ImageDraw.Draw(card)
    draw.rounded_rectangle(_WINDOW, 60, outline=(120, 150, 170), width=3)
    middle = ((left + right) // 2, bottom - 30)
    draw.text(middle, number, (70, 80, 96), font(SANS, 30), anchor="mm")


def _specimen(card: Image.Image) -> None:
    """SPECIMEN 樣本 across the whole card, under the print."""
    layer = Image.new("RGBA", (1500, 240), (0, 0, 0, 0))
    text = ImageDraw.Draw(layer)
    text.text((750, 120), "SPECIMEN 樣本", (*_RED, 56), font(SANS, 190, bold=True), anchor="mm")
    turned = layer.rotate(24, Image.Resampling.BICUBIC, expand=True)
    place = ((SIZE[0] - turned.width) // 2 + 90, (SIZE[1] - turned.height) // 2 + 60)
    card.paste(turned, place, turned)


def _round(card: Image.Image) -> Image.Image:
    shape = Image.new("L", (SIZE[0] * 2, SIZE[1] * 2), 0)
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, SIZE[0] * 2, SIZE[1] * 2), 118, fill=255)
    rounded = card.convert("RGBA")
    rounded.putalpha(shape.resize(SIZE, Image.Resampling.LANCZOS))
    return rounded
