"""What the endpoints answer with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hkeid.kernel.http import Response
from hkeid.oidc.errors import OAuthError

Headers = tuple[tuple[str, str], ...]

NO_STORE: Headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
"""RFC 6749 §5.1."""

CORS: Headers = (("Access-Control-Allow-Origin", "*"),)
"""Any origin, never with credentials: these endpoints look at no cookie."""

_JSON: Headers = (("Content-Type", "application/json"),)
_TOKEN_HEADERS = (*_JSON, *NO_STORE, *CORS)
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(Response):
    """An error for the person's eyes: it must not be sent to a redirect URI (RFC 6749 §4.1.2.1).

    The body is plain text; a server shows a page of its own from :attr:`error`.
    """

    error: OAuthError


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutPage(Response):
    """The end of a logout that goes nowhere else; a server shows a page of its own.

    :ivar signed_out: whether there is no session any more (False: the resident stayed).
    :ivar frames: addresses of relying parties that the page loads, so that they end their own sessions in
        this browser (OpenID Connect Front-Channel Logout §3).
    :ivar onward: where the page leads then: the registered post-logout redirect URI, or None.
    """

    signed_out: bool
    frames: tuple[str, ...] = field(default=(), repr=False)
    onward: str | None = field(default=None, repr=False)


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """Compact UTF-8 JSON."""
    return _encode(value).encode()


def token_answer(value: Mapping[str, Any], *, status: int = 200) -> Response:
    """JSON that nobody keeps (RFC 6749 §5.1)."""
    return Response(status=status, headers=_TOKEN_HEADERS, body=json_bytes(value))


def direct_error(error: OAuthError) -> Response:
    """An error as JSON (RFC 6749 §5.2)."""
    headers = _TOKEN_HEADERS
    if error.challenge is not None:
        headers = (*headers, ("WWW-Authenticate", error.challenge))
    body = json_bytes({"error": error.code.value, "error_description": error.description})
    return Response(status=error.status, headers=headers, body=body)


def error_page(error: OAuthError) -> ErrorPage:
    """The page for an error that must not redirect."""
    return ErrorPage(
        status=error.status,
        headers=(
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
        ),
        body=f"{error.code.value}: {error.description}\n".encode(),
        error=error,
    )


def logout_page(
    *, signed_out: bool, frames: tuple[str, ...] = (), onward: str | None = None
) -> LogoutPage:
    """The page after a logout."""
    text = "You are signed out.\n" if signed_out else "You are still signed in.\n"
    return LogoutPage(
        status=200,
        headers=(
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
        ),
        body=text.encode(),
        signed_out=signed_out,
        frames=frames,
        onward=onward,
    )


def method_not_allowed(allowed: tuple[str, ...]) -> Response:
    """RFC 9110 §15.5.6."""
    return Response(status=405, headers=(("Allow", ", ".join(allowed)), *NO_STORE))


def preflight(allowed: tuple[str, ...]) -> Response:
    """The answer to a CORS preflight request (Fetch standard §3.2.3)."""
    return Response(
        status=204,
        headers=(
            *CORS,
            ("Access-Control-Allow-Methods", ", ".join(allowed)),
            ("Access-Control-Allow-Headers", "authorization, content-type"),
            ("Access-Control-Max-Age", "3600"),
        ),
    )


NOT_FOUND = Response(status=404, headers=NO_STORE)
