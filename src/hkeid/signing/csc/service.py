"""The API: one service for both spellings, below ``/csc/v1`` and ``/csc/v2``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from hkeid.kernel.errors import HkeidError, MalformedInput, Refused, Unavailable
from hkeid.kernel.http import Request, Response
from hkeid.oidc.errors import ErrorCode, OAuthError
from hkeid.signing.activation import SignatureActivationRefused
from hkeid.signing.csc import authorising, describing, signing
from hkeid.signing.csc.context import Call, ServiceParts
from hkeid.signing.csc.errors import CscError, not_implemented
from hkeid.signing.csc.fields import Fields
from hkeid.signing.errors import CredentialRefused

VERSIONS: Final = ("v1", "v2")

_OPERATIONS: Final[Mapping[str, Callable[[Call], dict[str, Any]]]] = MappingProxyType(
    {
        "credentials/list": describing.list_credentials,
        "credentials/info": describing.credential_info,
        "credentials/authorize": authorising.authorize,
        "credentials/getChallenge": authorising.get_challenge,
        "signatures/signHash": signing.sign_hash,
        "signatures/signDoc": signing.sign_document,
        "signatures/timestamp": signing.timestamp,
    }
)
_UNSERVED: Final = (
    "auth/login",
    "auth/revoke",
    "credentials/authorizeCheck",
    "credentials/create",
    "credentials/delete",
    "credentials/extendTransaction",
    "credentials/sendOTP",
    "signatures/signPolling",
)
"""Methods of the specification that are not served: nothing here waits, and passwords open nothing."""
_INFO: Final = "info"
_METHODS: Final = ("POST", "OPTIONS")
_HEADERS: Final = (
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("Access-Control-Allow-Origin", "*"),
)

PATHS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        f"/csc/{version}/{name}": ("GET", *_METHODS) if name == _INFO else _METHODS
        for version in VERSIONS
        for name in (_INFO, *_OPERATIONS)
    }
)
"""Every path of the API itself, with its methods."""

UNSERVED_PATHS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {f"/csc/{version}/{name}": _METHODS for version in VERSIONS for name in _UNSERVED}
)
"""Paths that say that there is nothing behind them (v1 §10.1, v2 §10.1)."""


class SigningService:
    """Answers the API's calls; sans-IO."""

    def __init__(self, parts: ServiceParts) -> None:
        self._parts = parts

    def handle(self, request: Request) -> Response:
        """Answer a call of one of :data:`PATHS`. Errors are JSON (v1 §10.1)."""
        version, name = _split(request.path)
        if name in _UNSERVED and request.method != "OPTIONS":
            return _refusal(not_implemented(name))
        if request.method == "OPTIONS":
            return _preflight()
        try:
            return _answer(200, self._call(request, version, name))
        except HkeidError as error:
            return _refusal(error)

    def _call(self, request: Request, version: str, name: str) -> dict[str, Any]:
        fields = Fields.read(request.header("content-type") or "", request.body)
        if name == _INFO:
            fields.text("lang", longest=64)
            return describing.info(self._parts, version)
        call = Call(
            parts=self._parts,
            version=version,
            fields=fields,
            bearer=self._parts.tokens.bearer(request),
        )
        return _OPERATIONS[name](call)


def _split(path: str) -> tuple[str, str]:
    _, _, version, name = path.split("/", 3)
    return version, name


def _answer(status: int, members: Mapping[str, Any], *more: tuple[str, str]) -> Response:
    return Response(
        status=status, headers=(*_HEADERS, *more), body=json.dumps(members).encode("ascii")
    )


def _preflight() -> Response:
    return Response(
        status=204,
        headers=(
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
            ("Access-Control-Allow-Headers", "authorization, content-type"),
            ("Access-Control-Max-Age", "3600"),
        ),
    )


def _refusal(error: HkeidError) -> Response:
    """Every error on the wire."""
    if isinstance(error, OAuthError):
        challenge = () if error.challenge is None else (("WWW-Authenticate", error.challenge),)
        members = {"error": error.code.value, "error_description": error.description}
        return _answer(error.status, members, *challenge)
    status, code, description = _wire(error)
    return _answer(status, {"error": code, "error_description": description})


def _wire(error: HkeidError) -> tuple[int, str, str]:
    match error:
        case CscError():
            return error.status, error.code, error.safe_text
        case SignatureActivationRefused():
            return 400, ErrorCode.INVALID_REQUEST.value, _ACTIVATION.get(error.reason, _DENIED)
        case CredentialRefused():
            return 400, ErrorCode.INVALID_REQUEST.value, f"Refused: {error.reason}"
        case Unavailable():
            return 503, ErrorCode.TEMPORARILY_UNAVAILABLE.value, "Please try again later."
        case Refused() | MalformedInput():
            return 400, ErrorCode.INVALID_REQUEST.value, f"Refused: {error.reason}"
        case _:
            raise error


_DENIED: Final = "The credential cannot be used."
_SAD: Final = "Invalid parameter SAD"
_ACTIVATION: Final = {
    "authorisation_unknown": _SAD,
    "authorisation_expired": "SAD expired",
    "authorisation_used": _SAD,
    "authorisation_other_client": _SAD,
    "authorisation_other_key": _SAD,
    "authorisation_other_hashes": "Hash is not authorized by the SAD",
    "key_unknown": "Invalid parameter credentialID",
}
