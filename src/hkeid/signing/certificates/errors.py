"""What certification refuses. Each reason is listed where it is raised."""

from __future__ import annotations

from hkeid.kernel.errors import MalformedInput, Refused


class CertificateRefused(Refused):
    """A certificate that is not issued, or not taken back: ``request_signature_wrong``,
    ``request_key_refused``, ``profile_unknown``, ``profile_not_for_requests``, ``subject_refused``,
    ``subject_is_identity_card``, ``authority_expired``, ``authority_unfit``,
    ``certificate_revoked_already``, ``certificate_not_revocable``.
    """

    default_safe_text = "This certificate cannot be issued."


class RequestMalformed(MalformedInput):
    """A request that does not parse: ``certificate_request_malformed``, ``ocsp_request_malformed``,
    ``timestamp_request_malformed``.
    """
