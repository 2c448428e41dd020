"""Certificates as text."""

from __future__ import annotations

from base64 import b64encode
from textwrap import wrap
from typing import Final

LINE: Final = 64
"""Characters (RFC 7468 §2)."""


def certificate_pem(encoded: bytes) -> str:
    """A certificate, DER, in the strict form of RFC 7468 §5.1."""
    lines = wrap(b64encode(encoded).decode("ascii"), LINE)
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
