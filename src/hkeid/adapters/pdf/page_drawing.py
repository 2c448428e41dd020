"""Draws pages with pdfium. Made to live in a worker: see :mod:`hkeid.adapters.pdf.worker_pages`.

What is drawn is what is signed: the bytes that came in, annotations and form fields included. pdfium's
usual build knows neither scripts nor XFA.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from hkeid.kernel.errors import HkeidError, MissingExtra
from hkeid.ports.pages import PageImage
from hkeid.signing.errors import DocumentMalformed

try:
    import pypdfium2
except ImportError as error:
    raise MissingExtra(error.name or "pypdfium2", "signing") from None

WIDTH = 1200
"""Pixels: sharp on a phone three pixels to the point, and to read at twice the size."""
_MOST_PIXELS = 6_000_000
_FASTEST = 1


class PageDrawing:
    """Counts and draws pages; each method takes the file as one open descriptor."""

    def count(self, *, handles: tuple[int, ...]) -> int:
        """As :meth:`hkeid.ports.pages.PageImages.count`."""
        with _opened(handles[0]) as document:
            return len(document)

    def draw(self, first: int, count: int, *, handles: tuple[int, ...]) -> tuple[PageImage, ...]:
        """As :meth:`hkeid.ports.pages.PageImages.draw`."""
        with _opened(handles[0]) as document:
            last = min(first + count, len(document))
            if document.get_formtype() != pypdfium2.raw.FORMTYPE_NONE:
                document.init_forms()  # fields are drawn with what is in them
            return tuple(_drawn(document[number]) for number in range(first, last))


def _drawn(page: pypdfium2.PdfPage) -> PageImage:
    width, height = page.get_size()
    if width <= 0 or height <= 0:
        raise DocumentMalformed("pdf_malformed", detail="a page without extent")
    scale = WIDTH / width
    pixels = width * height * scale * scale
    if pixels > _MOST_PIXELS:
        scale *= (_MOST_PIXELS / pixels) ** 0.5
    bitmap = page.render(scale=scale, may_draw_forms=True, rev_byteorder=True, prefer_bgrx=False)
    try:
        return PageImage(png=_png(bitmap), width=bitmap.width, height=bitmap.height)
    finally:
        bitmap.close()


def _png(bitmap: pypdfium2.PdfBitmap) -> bytes:
    """The picture as PNG (ISO/IEC 15948): 8 bits per channel, no filter."""
    kinds = {1: 0, 3: 2, 4: 6}
    channels = bitmap.n_channels
    row, stride = bitmap.width * channels, bitmap.stride
    raw = bytes(bitmap.buffer)
    lines = b"".join(
        b"\0" + raw[start : start + row] for start in range(0, stride * bitmap.height, stride)
    )
    head = struct.pack(">IIBBBBB", bitmap.width, bitmap.height, 8, kinds[channels], 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", head),
            _chunk(b"IDAT", zlib.compress(lines, _FASTEST)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


@contextmanager
def _opened(handle: int) -> Iterator[pypdfium2.PdfDocument]:
    """The document; what pdfium cannot open or draw comes out as ours.

    :raises DocumentMalformed: ``pdf_malformed``.
    """
    with open(os.dup(handle), "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        file.seek(0)
        content = file.read()
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        raise DocumentMalformed("pdf_malformed", detail="pdfium cannot open it") from None
    try:
        yield document
    except (HkeidError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - hostile files
        raise DocumentMalformed("pdf_malformed", detail=type(error).__name__) from None
    finally:
        document.close()
