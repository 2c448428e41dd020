"""What signing refuses. Each reason is listed where it is raised."""

from __future__ import annotations

from hkeid.kernel.errors import MalformedInput, Refused


class DocumentRefused(Refused):
    """A PDF that may not be signed as it is: the reasons of :class:`hkeid.ports.pdf.PdfTrait`,
    and ``pdf_too_large``, ``pdf_certified_final``, ``pdf_signed_already``, ``pdf_changed``,
    ``field_absent``, ``field_signed``, ``field_locked``, ``field_out_of_order``,
    ``field_not_a_signature``, ``field_exists``, ``field_named_badly``, ``field_invisible``, ``page_absent``,
    ``signature_space_too_small``.
    """

    default_safe_text = "This document cannot be signed as it is."


class DocumentMalformed(MalformedInput):
    """A PDF that does not parse, or not strictly: ``pdf_malformed``."""

    default_safe_text = "This file is not a PDF, or it is damaged."


class CredentialRefused(Refused):
    """A key or certificate that must not or cannot sign: ``key_too_short``, ``key_unsupported``,
    ``key_not_of_certificate``, ``hash_too_weak``, ``certificate_hash_too_weak``,
    ``certificate_not_for_signing``, ``certificate_expired``, ``certificate_not_yet_valid``,
    ``hash_unknown``, ``hash_not_for_key``, ``signature_wrong``, ``passphrase_wrong``, ``key_absent``.
    """

    default_safe_text = "This key or certificate cannot be used for signing."
