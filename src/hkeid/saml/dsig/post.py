"""The HTTP POST binding's form value (saml-bindings §3.5.4): base64, decoded strictly."""

from __future__ import annotations

from base64 import b64encode

from hkeid.saml.dsig import base64_text
from hkeid.saml.dsig.errors import SamlMalformed
from hkeid.saml.dsig.limits import MESSAGE_LIMITS, Limits
from hkeid.saml.dsig.reasons import Reason


def decode_post(value: str, *, limits: Limits = MESSAGE_LIMITS) -> bytes:
    """The message in the form value ``SAMLRequest`` or ``SAMLResponse``.

    Line breaks are skipped, as some senders break lines; anything else that is not base64 is refused.

    :raises SamlMalformed: ``saml_too_large``, ``saml_base64``.
    """
    if len(value) > 2 * limits.octets:
        raise SamlMalformed(Reason.TOO_LARGE)
    octets = base64_text.decode(value, whitespace=b"\r\n")
    if len(octets) > limits.octets:
        raise SamlMalformed(Reason.TOO_LARGE)
    return octets


def encode_post(message: bytes) -> str:
    """The form value for a message, on one line."""
    return b64encode(message).decode("ascii")
