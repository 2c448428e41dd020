"""Where a Bearer token may stand in a request (RFC 6750 §2), and the errors about it (§3)."""

from __future__ import annotations

import re

from hkeid.kernel.http import Request
from hkeid.oidc.errors import ErrorCode, OAuthError
from hkeid.op.forms import FORM_TYPE

# RFC 6750 §2.1: b64token.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]{1,512}=*\Z")
REALM = 'Bearer realm="hkeid"'
_STATUS = {ErrorCode.INVALID_REQUEST: 400, ErrorCode.INSUFFICIENT_SCOPE: 403}


def presented_token(request: Request) -> str | None:
    """The one Bearer token of a request, from the header or a form body; None when there is none.

    :raises OAuthError: ``invalid_request``: ``token_in_query`` (RFC 9700 §4.3.2: MUST NOT),
        ``tokens_many`` (RFC 6750 §2), ``token_malformed``.
    """
    if "access_token" in request.query:
        raise bearer_error(
            ErrorCode.INVALID_REQUEST, "token_in_query", "An access token does not go in a URL."
        )
    found: list[str] = []
    header = request.header("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer":
            found.append(token.strip())
    if request.method == "POST":
        media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
        if media_type == FORM_TYPE:
            found.extend(request.form.all("access_token"))
    if len(found) > 1:
        raise bearer_error(
            ErrorCode.INVALID_REQUEST, "tokens_many", "More than one access token was sent."
        )
    if not found:
        return None
    if not _TOKEN.match(found[0]):
        raise bearer_error(
            ErrorCode.INVALID_REQUEST, "token_malformed", "The access token is malformed."
        )
    return found[0]


def bearer_error(code: ErrorCode, reason: str, description: str) -> OAuthError:
    """An error with its challenge and status (RFC 6750 §3, §3.1)."""
    return OAuthError(
        code,
        reason,
        description,
        status=_STATUS.get(code, 401),
        challenge=f'{REALM}, error="{code.value}", error_description="{description}"',
    )
