"""Why a request for signatures, or an answer to it, does not go on."""

from __future__ import annotations

from hkeid.kernel.errors import Expired, MalformedInput, NotFound, Refused


class SignatureRequestMalformed(MalformedInput):
    """What a relying party sent is not a request for signatures.

    Reasons: ``documents_missing``, ``documents_too_many``, ``document_malformed``,
    ``document_name_malformed``, ``hash_length``, ``hash_unknown``, ``purpose_malformed``,
    ``redirect_uri_missing``, ``state_malformed``, ``subject_malformed``, ``member_unknown``,
    ``member_malformed``, ``stamp_malformed``.
    """

    default_safe_text = "The request for signatures is not in the expected form."


class RequestRefused(Refused):
    """A request that a rule turns down.

    Reasons: ``redirect_uri_not_registered``, ``client_is_public``, ``hashes_not_allowed``,
    ``document_too_large``, ``request_too_large``, ``too_many_open``.
    """

    default_safe_text = "This request for signatures is not allowed."


class DocumentTurnedDown(Refused):
    """A document that may not be signed; ``reason`` is that of
    :class:`hkeid.signing.errors.DocumentRefused`, ``pdf_malformed``, ``pages_too_many``,
    ``stamp_off_the_page``, or ``stamp_needs_prepared_field``: it is signed already.

    :param number: which one of the request, counted from 1.
    """

    default_safe_text = "This document cannot be signed as it is."

    def __init__(self, reason: str, number: int, *, detail: str | None = None) -> None:
        self.number = number
        super().__init__(reason, detail=detail)


class RequestUnknown(NotFound):
    """No such request, or none for this client or resident (``signature_request_unknown``)."""


class RequestOver(Expired):
    """The request is no longer waiting, or its result is gone: ``signature_request_over``,
    ``signature_request_expired``, ``result_collected``, ``result_expired``.
    """


class ApprovalRefused(Refused):
    """A resident who may not sign, or an approval that does not count: ``other_person``,
    ``eid_not_upgraded``, ``eid_cooling``, ``passkey_not_bound``, ``signing_key_missing``, ``page_outdated``.
    """

    default_safe_text = "This cannot be signed now."
