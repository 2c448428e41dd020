"""Token requests, parsed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hkeid.oidc.errors import ErrorCode, OAuthError, invalid_request
from hkeid.oidc.parameters import Received
from hkeid.oidc.scopes import parse_scope
from hkeid.op.client_authentication import CREDENTIAL_LIMITS
from hkeid.op.clients import KnownClient

LIMITS: Mapping[str, int] = MappingProxyType(
    {
        **CREDENTIAL_LIMITS,
        "grant_type": 128,
        "code": 512,
        "redirect_uri": 2048,
        "code_verifier": 128,
        "refresh_token": 512,
        "scope": 1024,
        "authorization_details": 65_536,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeExchange:
    """``grant_type=authorization_code`` (RFC 6749 §4.1.3, RFC 7636 §4.5).

    :ivar details: ``authorization_details`` as it came (RFC 9396 §6.1); None: all that was granted.
    """

    code: str = field(repr=False)
    redirect_uri: str
    code_verifier: str | None = field(default=None, repr=False)
    details: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """``grant_type=refresh_token`` (RFC 6749 §6). ``scopes``, ``details`` None: the same as before."""

    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...] | None = None
    details: str | None = field(default=None, repr=False)


def parse(received: Received, known: KnownClient) -> CodeExchange | Refresh:
    """The request, for a client that may make it; pure.

    :raises OAuthError: ``invalid_request``, ``unsupported_grant_type``, ``unauthorized_client``,
        ``invalid_scope``.
    """
    grant_type = received.get("grant_type")
    if grant_type is None:
        raise invalid_request("grant_type_missing", "The parameter 'grant_type' is missing.")
    if grant_type not in ("authorization_code", "refresh_token"):
        raise OAuthError(
            ErrorCode.UNSUPPORTED_GRANT_TYPE,
            "grant_type_unsupported",
            "This grant_type is not supported.",
        )
    if grant_type not in known.client.grant_types:
        raise OAuthError(
            ErrorCode.UNAUTHORIZED_CLIENT,
            "grant_type_not_registered",
            "The client may not use this grant_type.",
        )
    if grant_type == "authorization_code":
        return CodeExchange(
            code=_required(received, "code"),
            redirect_uri=_required(received, "redirect_uri"),
            code_verifier=received.get("code_verifier"),
            details=received.get("authorization_details"),
        )
    return Refresh(
        refresh_token=_required(received, "refresh_token"),
        scopes=_scopes(received.get("scope")),
        details=received.get("authorization_details"),
    )


def _required(received: Received, name: str) -> str:
    value = received.get(name)
    if value is None:
        raise invalid_request(f"{name}_missing", f"The parameter '{name}' is missing.")
    return value


def _scopes(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    scopes = parse_scope(text)
    if scopes is None:
        raise OAuthError(ErrorCode.INVALID_SCOPE, "scope_malformed", "The scope is malformed.")
    return scopes
