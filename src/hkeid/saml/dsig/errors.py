"""Refusals of the kernel, in the one tree of errors; ``reason`` is a :class:`Reason`."""

from __future__ import annotations

from hkeid.kernel.errors import ConfigurationError, MalformedInput, Refused


class SamlMalformed(MalformedInput):
    """Octets that are no document the kernel reads: syntax, limits, or a construct it never allows."""

    default_safe_text = "The SAML message is not in the expected form."


class SignatureRefused(Refused):
    """A document whose signature is absent, in the wrong place, by the wrong means, or wrong."""

    default_safe_text = "The signature of the SAML message was not accepted."


class EncryptionRefused(Refused):
    """Encrypted content that policy refuses or that does not open.

    What went wrong while opening is never told apart: that would be an oracle.
    """

    default_safe_text = "The encrypted part of the SAML message was not accepted."


class NotWritable(ConfigurationError):
    """A value or a structure of our own that cannot be written as canonical XML."""
