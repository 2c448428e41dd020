"""What lies under a field: a later signature that is drawn there would hide it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import pypdfium2
import pypdfium2.raw as pdfium

from hkeid.adapters.pdf.validation.looks import pixels
from hkeid.ports.pdf import Box
from hkeid.ports.pdf_validation import FieldPlace

_DPI = 72
_MOST_PIXELS = 1_000_000
_EDGE = -2
_CONTRAST = 40
_LINE, _UPRIGHT = 0.5, 0.95
_MOST_LINES = 0.15
_SPECKS = 0.002
_THIN, _MOST_DASHED = 3, 2
"""Rows of a dashed or dotted line; letters that can be read are higher."""

Place = tuple[int, Box]
"""Page, counted from 0, and box."""


def place_on(
    content: bytes, places: Sequence[Place], others: Sequence[Place] = ()
) -> tuple[FieldPlace, ...]:
    """What the pages of a revision have under boxes, and how much of the page they are.

    :param others: where other fields are drawn: what is in them counts as content too.
    """
    if not places:
        return ()
    found = []
    with_document = pypdfium2.PdfDocument(content)
    try:
        for number, box in places:
            page = with_document[number]
            width, height = page.get_size()
            covers = (
                any(number == page_of and _overlap(box, other) for page_of, other in others)
                or _has_text(page, box)
                or _has_drawing(page, box)
            )
            page.close()
            share = (box[2] - box[0]) * (box[3] - box[1]) / max(width * height, 1e-6)
            found.append(
                FieldPlace(page=number, box=box, covers_content=covers, share=min(share, 1.0))
            )
    finally:
        with_document.close()
    return tuple(found)


def _overlap(one: Box, other: Box) -> bool:
    return (
        one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    )  # fmt: skip


def _has_text(page: pypdfium2.PdfPage, box: Box) -> bool:
    text = page.get_textpage()
    words = text.get_text_bounded(*box).strip()
    text.close()
    return bool(words)


def _has_drawing(page: pypdfium2.PdfPage, box: Box) -> bool:
    """Whether something is drawn there: scanned words are no text to a program. An even ground, a frame and lines
    to sign on are nothing.
    """
    width, height = page.get_size()
    scale = min(_DPI / 72, math.sqrt(_MOST_PIXELS / max(width * height, 1e-6)))
    wide, high = max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale))
    bitmap = pypdfium2.PdfBitmap.new_native(wide, high, pdfium.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, wide, high)
    pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, wide, high, 0, pdfium.FPDF_ANNOT)
    left, top, right, bottom = pixels(page, box, wide, high, _EDGE)
    shades, stride = bytes(bitmap.buffer), bitmap.stride
    bitmap.close()
    rows = [shades[row * stride + left : row * stride + right] for row in range(top, bottom)]
    return left < right and bool(rows) and _is_drawn_on(rows)


def _is_drawn_on(rows: Sequence[bytes]) -> bool:
    whole = b"".join(rows)
    ground = max(set(whole), key=whole.count)
    table = bytes(abs(shade - ground) > _CONTRAST for shade in range(256))
    # A row that is drawn on for half its length is a line to sign on; a column, only where it is all of it.
    every = _without_dashes([row.translate(table) for row in rows])
    marked = [row for row in every if row.count(1) < _LINE * len(row)]
    if len(every) - len(marked) > max(4, _MOST_LINES * len(every)):
        return True
    columns = [bytes(column) for column in zip(*marked, strict=True)]
    specks = sum(
        count for count in (column.count(1) for column in columns) if count < _UPRIGHT * len(marked)
    )
    return specks > _SPECKS * len(whole)


def _without_dashes(rows: Sequence[bytes]) -> list[bytes]:
    """The rows with dashed and dotted lines wiped out: few rows by themselves, and marks over half their length."""
    kept: list[bytes] = []
    wiped = 0
    for drawn, group in groupby(rows, key=lambda row: 1 in row):
        band = list(group)
        if drawn and len(band) <= _THIN and max(map(_extent, band)) >= _LINE * len(band[0]):
            band = [bytes(len(row)) for row in band]
            wiped += 1
        kept += band
    # More of them are a picture drawn in lines.
    return kept if wiped <= _MOST_DASHED else list(rows)


def _extent(row: bytes) -> int:
    return row.rfind(1) - row.find(1)
