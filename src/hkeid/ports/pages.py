"""Pictures of a document's pages, for people who are to see what they sign."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hkeid.ports.pdf import PdfParts


@dataclass(frozen=True, slots=True, kw_only=True)
class PageImage:
    """A page as a picture.

    :ivar png: PNG (ISO/IEC 15948).
    :ivar width: pixels, as is ``height``.
    """

    png: bytes = field(repr=False)
    width: int
    height: int


class PageImages(Protocol):
    """Who draws pages. Files may be hostile.

    Both raise :class:`hkeid.kernel.errors.MalformedInput` (``pdf_malformed``) and
    :class:`hkeid.kernel.errors.Unavailable` (``pdf_pages_busy``, ``pdf_pages_failed``).
    """

    def count(self, parts: PdfParts) -> int:
        """How many pages the document has."""
        ...

    def draw(self, parts: PdfParts, first: int, count: int) -> tuple[PageImage, ...]:
        """Pages from ``first`` on, counted from 0: ``count`` of them, or fewer at the end. The same bytes
        give the same pictures.
        """
        ...
