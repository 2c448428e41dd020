"""Drawing visible stamps: text in an embedded subset of a font, and a QR code; no transparency, colours that
depend on no device (PDF/A).
"""

from hkeid.kernel.errors import MissingExtra

try:
    from hkeid.adapters.pdf.stamps.painter import StampPainter
except MissingExtra:
    raise
except ImportError as error:
    raise MissingExtra(error.name or "fontTools", "signing") from None

__all__ = ["StampPainter"]
