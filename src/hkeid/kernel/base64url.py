"""Base64url without padding (RFC 7515 §2), strict: one text for one value."""

from __future__ import annotations

import base64
import binascii

from hkeid.kernel.errors import MalformedInput


def encode(value: bytes) -> str:
    """Encode ``value`` without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def decode(text: str, *, field: str | None = None) -> bytes:
    """Decode ``text``; refuse padding, foreign characters and non-canonical trailing bits.

    :raises MalformedInput: reason ``base64url_malformed``.
    """
    try:
        raw = text.encode("ascii")
        value = base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise MalformedInput("base64url_malformed", field=field) from None
    if b"=" in raw or b"+" in raw or b"/" in raw or encode(value) != text:
        raise MalformedInput("base64url_malformed", field=field)
    return value
