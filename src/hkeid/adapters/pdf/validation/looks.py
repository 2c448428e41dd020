"""Comparing how pages look, with pdfium: each revision is drawn and held against the file as it is."""

from __future__ import annotations

import contextlib
import ctypes
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pypdfium2
import pypdfium2.raw as pdfium

from hkeid.ports.pdf import Box
from hkeid.ports.pdf_validation import Look

_DPI = 150
_MOST_PIXELS = 4_000_000
_MOST_PAGES = 2_000
_MARGIN = 2
_SAME_SIZE = 0.01


@dataclass(slots=True)
class RevisionLook:
    """A revision to be compared.

    :ivar end: its length in bytes.
    :ivar masks: page and box of what may look different.
    """

    end: int
    masks: tuple[tuple[int, Box], ...] = ()
    look: Look = Look.SAME
    pages: list[int] = field(default_factory=list)


class Budget:
    """Seconds of CPU that drawing may take in all."""

    def __init__(self, seconds: float) -> None:
        self._end = time.process_time() + seconds

    @property
    def spent(self) -> bool:
        """Whether there is nothing left."""
        return time.process_time() > self._end


def compare(content: bytes, revisions: Sequence[RevisionLook], budget: Budget) -> None:
    """Fill in ``look`` and ``pages`` of each revision. What cannot be drawn is unknown."""
    with contextlib.ExitStack() as opened:
        try:
            current = opened.enter_context(contextlib.closing(opened_document(content)))
            pairs = [
                (one, document)
                for one in revisions
                for document in _comparable(one, content, len(current), opened)
            ]
            for number in range(len(current) if pairs else 0):
                if budget.spent:
                    _give_up([one for one, _ in pairs if one.look is Look.SAME])
                    break
                _compare_page(current, pairs, number)
        except pypdfium2.PdfiumError:
            _give_up(revisions)


def _give_up(revisions: Sequence[RevisionLook]) -> None:
    for one in revisions:
        one.look = Look.UNKNOWN


def _comparable(
    one: RevisionLook, content: bytes, pages: int, opened: contextlib.ExitStack
) -> Iterator[pypdfium2.PdfDocument]:
    """The revision, if it has as many pages as the file."""
    try:
        document = opened.enter_context(contextlib.closing(opened_document(content[: one.end])))
    except pypdfium2.PdfiumError:
        one.look = Look.UNKNOWN
        return
    if len(document) != pages:
        one.look = Look.PAGES_DIFFER
    elif pages > _MOST_PAGES:
        one.look = Look.UNKNOWN
    else:
        yield document


def opened_document(content: bytes) -> pypdfium2.PdfDocument:
    """A document with its form, which is drawn without coloured fields."""
    document = pypdfium2.PdfDocument(content)
    document.init_forms()
    if document.formenv is not None:
        pdfium.FPDF_SetFormFieldHighlightAlpha(document.formenv, 0)
    return document


def _compare_page(
    current: pypdfium2.PdfDocument,
    pairs: Sequence[tuple[RevisionLook, pypdfium2.PdfDocument]],
    number: int,
) -> None:
    page = current[number]
    cached: dict[tuple[tuple[int, Box], ...], bytes] = {}
    for one, document in pairs:
        then = document[number]
        masks = tuple(mask for mask in one.masks if mask[0] == number)
        size = [abs(a - b) for a, b in zip(page.get_size(), then.get_size(), strict=True)]
        if max(size) > _SAME_SIZE or page.get_rotation() != then.get_rotation():
            one.look = Look.PAGES_DIFFER
            one.pages.append(number)
        else:
            if masks not in cached:
                cached[masks] = drawn(page, [box for _, box in masks])
            if drawn(then, [box for _, box in masks]) != cached[masks]:
                one.pages.append(number)
                if one.look is Look.SAME:
                    one.look = Look.DIFFERENT
        then.close()
    page.close()


def drawn(page: pypdfium2.PdfPage, masks: Sequence[Box]) -> bytes:
    """The page in shades of grey and colours, with boxes blanked out; annotations are drawn too."""
    width, height = page.get_size()
    scale = min(_DPI / 72, math.sqrt(_MOST_PIXELS / max(width * height, 1e-6)))
    wide, high = max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale))
    bitmap = pypdfium2.PdfBitmap.new_native(wide, high, pdfium.FPDFBitmap_BGR)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, wide, high)
    shape = (0, 0, wide, high, 0, pdfium.FPDF_ANNOT)
    pdfium.FPDF_RenderPageBitmap(bitmap, page, *shape)
    if page.formenv is not None:  # widgets are drawn by it alone
        pdfium.FPDF_FFLDraw(page.formenv, bitmap, page, *shape)
    for box in masks:
        left, top, right, bottom = pixels(page, box, wide, high, _MARGIN)
        if left < right and top < bottom:
            bitmap.fill_rect((0, 0, 0, 255), left, top, right - left, bottom - top)
    content = bytes(bitmap.buffer)
    bitmap.close()
    return content


def pixels(
    page: pypdfium2.PdfPage, box: Box, wide: int, high: int, margin: int
) -> tuple[int, int, int, int]:
    """The box in pixels, larger by a margin, for edges are smoothed, or smaller where that is negative."""
    across, down = [], []
    for x, y in ((box[0], box[1]), (box[2], box[3])):
        column, row = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(
            page, 0, 0, wide, high, 0, x, y, ctypes.byref(column), ctypes.byref(row)
        )
        across.append(column.value)
        down.append(row.value)
    return (
        max(0, min(across) - margin),
        max(0, min(down) - margin),
        min(wide, max(across) + margin),
        min(high, max(down) + margin),
    )
