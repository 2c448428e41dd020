"""Filling the gap of an update: what is hashed, and where the CMS goes (ISO 32000-2 §12.8.1)."""

from __future__ import annotations

from hkeid.ports.pdf import GapUpdate, PdfParts
from hkeid.signing.errors import DocumentRefused


def covered(parts: PdfParts, update: GapUpdate) -> PdfParts:
    """The bytes that the signature covers: everything but the gap and its brackets."""
    return (*parts, update.before, update.after)


def filled(update: GapUpdate, content: bytes) -> bytes:
    """The update with ``content`` in hexadecimal in the gap, padded with zeros.

    :raises DocumentRefused: ``signature_space_too_small``.
    """
    if len(content) > update.room:
        raise DocumentRefused(
            "signature_space_too_small", detail=f"{len(content)} bytes into {update.room}"
        )
    digits = content.hex().encode("ascii").ljust(2 * update.room, b"0")
    return b"".join((update.before, b"<", digits, b">", update.after))
