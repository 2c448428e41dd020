"""Base64 as SAML and XML Signature carry it, and nothing that merely resembles it."""

from __future__ import annotations

import binascii
from base64 import b64encode

from hkeid.saml.dsig.errors import SamlMalformed
from hkeid.saml.dsig.reasons import Reason


def decode(text: str | bytes, *, whitespace: bytes) -> bytes:
    """The octets behind base64 (RFC 4648 §4) with full padding and no stray bits.

    :param whitespace: the characters that are skipped.
    :raises SamlMalformed: ``saml_base64``.
    """
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        compact = raw.translate(None, whitespace)
        octets = binascii.a2b_base64(compact, strict_mode=True)
    except (ValueError, UnicodeEncodeError) as error:
        raise SamlMalformed(Reason.BASE64) from error
    if not octets or b64encode(octets) != compact:
        raise SamlMalformed(Reason.BASE64)
    return octets
