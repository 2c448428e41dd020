"""Refusals by what a message says; ``reason`` is a :class:`~hkeid.saml.messages.reasons.MessageReason`."""

from __future__ import annotations

from hkeid.kernel.errors import Refused
from hkeid.saml.dsig import SamlMalformed

__all__ = ["MessageRefused", "SamlMalformed"]


class MessageRefused(Refused):
    """A well-formed message, signed as it should be, that a rule of the profile turns down."""

    default_safe_text = "The SAML message was not accepted."
