"""Error codes of OAuth 2.0 and OpenID Connect, and the error that carries one."""

from __future__ import annotations

from enum import StrEnum

from hkeid.kernel.errors import Refused


class ErrorCode(StrEnum):
    """``error`` values, with where they come from."""

    # RFC 6749 §4.1.2.1 and §5.2
    INVALID_REQUEST = "invalid_request"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    ACCESS_DENIED = "access_denied"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    INVALID_SCOPE = "invalid_scope"
    SERVER_ERROR = "server_error"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    # OpenID Connect Core §3.1.2.6
    INTERACTION_REQUIRED = "interaction_required"
    LOGIN_REQUIRED = "login_required"
    ACCOUNT_SELECTION_REQUIRED = "account_selection_required"
    CONSENT_REQUIRED = "consent_required"
    REQUEST_NOT_SUPPORTED = "request_not_supported"
    REQUEST_URI_NOT_SUPPORTED = "request_uri_not_supported"
    REGISTRATION_NOT_SUPPORTED = "registration_not_supported"
    # RFC 9101 §7, RFC 9126 §2.3
    INVALID_REQUEST_URI = "invalid_request_uri"
    # RFC 9396 §5
    INVALID_AUTHORIZATION_DETAILS = "invalid_authorization_details"
    # OpenID Connect Core Error Code unmet_authentication_requirements 1.0
    UNMET_AUTHENTICATION_REQUIREMENTS = "unmet_authentication_requirements"
    # RFC 6750 §3.1
    INVALID_TOKEN = "invalid_token"
    INSUFFICIENT_SCOPE = "insufficient_scope"


class OAuthError(Refused):
    """An error that travels over the wire as ``error`` and ``error_description``.

    :param code: the wire code.
    :param reason: stable word for the rule that was broken, finer than ``code``.
    :param description: ``error_description``: plain ASCII for the developer, no values from the
        request (RFC 6749 §4.1.2.1 allows %x20-21 / %x23-5B / %x5D-7E).
    :param status: HTTP status where the error is answered directly.
    :param challenge: ``WWW-Authenticate`` header to send, or None.
    """

    def __init__(
        self,
        code: ErrorCode,
        reason: str,
        description: str,
        *,
        status: int = 400,
        challenge: str | None = None,
        detail: str | None = None,
    ) -> None:
        self.code = code
        self.status = status
        self.challenge = challenge
        super().__init__(reason, description, detail=detail)

    @property
    def description(self) -> str:
        """The ``error_description``."""
        return self.safe_text


def invalid_request(reason: str, description: str, *, detail: str | None = None) -> OAuthError:
    """``invalid_request``: the commonest of all (RFC 6749 §4.1.2.1, §5.2)."""
    return OAuthError(ErrorCode.INVALID_REQUEST, reason, description, detail=detail)
