"""Drawing visible stamps: text in an embedded subset of a font, and a QR code; no transparency, colours that
depend on no device (PDF/A).
"""

from hkeid.adapters.pdf.stamps.painter import StampPainter

__all__ = ["StampPainter"]
