"""Names of what lies in the evidence vault for a request."""

from __future__ import annotations

from typing import Final

PARTICULARS: Final = "particulars"
ATTEMPT: Final = "attempt"
"""What the last page put before the resident: prepared signatures and the display record."""
RESULT: Final = "result"


def document(number: int) -> str:
    """The file of a document, counted from 1."""
    return f"document-{number}"


def signed(number: int) -> str:
    """The signed file."""
    return f"signed-{number}"


def images(number: int) -> str:
    """The list of a document's page images; there once all were drawn."""
    return f"images-{number}"


def image(number: int, page: int) -> str:
    """A page image, pages counted from 1."""
    return f"image-{number}-{page}"
