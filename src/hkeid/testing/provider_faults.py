"""The ways in which :class:`~hkeid.testing.fake_provider.FakeProvider` can be at fault, by name."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from enum import StrEnum, auto
from typing import Any

from hkeid.jose.signatures import PrivateSigningKey, generate, public_jwk, signer
from hkeid.kernel import base64url
from hkeid.kernel.errors import Unavailable
from hkeid.ports.surroundings import HttpAnswer


class Where(StrEnum):
    """The endpoint that answers."""

    METADATA = auto()
    JWKS = auto()
    TOKEN = auto()
    USERINFO = auto()
    REVOCATION = auto()
    PUSHED = auto()


class Fault(StrEnum):
    """One thing wrong with the provider, or with whoever stands between it and the relying party."""

    METADATA_ISSUER_OTHER = auto()
    METADATA_ISSUER_SLASH = auto()
    METADATA_ISSUER_MISSING = auto()
    METADATA_TOKEN_ENDPOINT_MISSING = auto()
    METADATA_TOKEN_ENDPOINT_HTTP = auto()
    METADATA_TOKEN_ENDPOINT_CREDENTIALS = auto()
    METADATA_PKCE_MISSING = auto()
    METADATA_CODE_MISSING = auto()
    METADATA_LIST_IS_TEXT = auto()
    METADATA_NOT_JSON = auto()
    METADATA_NOT_FOUND = auto()
    METADATA_REDIRECT = auto()
    METADATA_TOO_LARGE = auto()
    METADATA_SERVER_ERROR = auto()
    METADATA_DOWN = auto()
    JWKS_NOT_A_SET = auto()
    JWKS_EMPTY = auto()
    JWKS_REDIRECT = auto()
    JWKS_DOWN = auto()
    CALLBACK_STATE_OTHER = auto()
    CALLBACK_STATE_MISSING = auto()
    CALLBACK_STATE_REPEATED = auto()
    CALLBACK_ISSUER_OTHER = auto()
    CALLBACK_ISSUER_MISSING = auto()
    CALLBACK_CODE_MISSING = auto()
    CALLBACK_CODE_REPEATED = auto()
    CALLBACK_CODE_CONTROL = auto()
    CALLBACK_ACCESS_DENIED = auto()
    CALLBACK_LOGIN_REQUIRED = auto()
    CALLBACK_ERROR_UNKNOWN = auto()
    TOKEN_HTML = auto()
    TOKEN_JSON_BROKEN = auto()
    TOKEN_JSON_ARRAY = auto()
    TOKEN_JSON_REPEATED_MEMBER = auto()
    TOKEN_REDIRECT = auto()
    TOKEN_TOO_LARGE = auto()
    TOKEN_STATUS_204 = auto()
    TOKEN_SERVER_ERROR = auto()
    TOKEN_DOWN = auto()
    TOKEN_INVALID_GRANT = auto()
    TOKEN_INVALID_CLIENT = auto()
    TOKEN_ERROR_UNKNOWN = auto()
    TOKEN_TYPE_OTHER = auto()
    TOKEN_ACCESS_TOKEN_MISSING = auto()
    TOKEN_ACCESS_TOKEN_NUMBER = auto()
    TOKEN_ID_TOKEN_MISSING = auto()
    TOKEN_EXPIRES_IN_TEXT = auto()
    ID_TOKEN_MALFORMED = auto()
    ID_TOKEN_TOO_LONG = auto()
    ID_TOKEN_ALG_NONE = auto()
    ID_TOKEN_ALG_HS256 = auto()
    ID_TOKEN_ALG_RS256 = auto()
    ID_TOKEN_KID_UNKNOWN = auto()
    ID_TOKEN_OTHER_KEY = auto()
    ID_TOKEN_KEY_IN_HEADER = auto()
    ID_TOKEN_SIGNATURE_CUT = auto()
    ID_TOKEN_CLAIMS_CHANGED = auto()
    ID_TOKEN_TYP_OTHER = auto()
    ID_TOKEN_CRIT = auto()
    ID_TOKEN_ISSUER_OTHER = auto()
    ID_TOKEN_AUDIENCE_OTHER = auto()
    ID_TOKEN_AUDIENCE_MISSING = auto()
    ID_TOKEN_AUDIENCE_WITH_OTHERS = auto()
    ID_TOKEN_AZP_OTHER = auto()
    ID_TOKEN_SUBJECT_MISSING = auto()
    ID_TOKEN_SUBJECT_LONG = auto()
    ID_TOKEN_EXPIRED = auto()
    ID_TOKEN_EXP_MISSING = auto()
    ID_TOKEN_EXP_TEXT = auto()
    ID_TOKEN_IAT_MISSING = auto()
    ID_TOKEN_IAT_FUTURE = auto()
    ID_TOKEN_IAT_OLD = auto()
    ID_TOKEN_NBF_FUTURE = auto()
    ID_TOKEN_NONCE_MISSING = auto()
    ID_TOKEN_NONCE_OTHER = auto()
    ID_TOKEN_AT_HASH_OTHER = auto()
    ID_TOKEN_ACR_LOW = auto()
    ID_TOKEN_ACR_MISSING = auto()
    ID_TOKEN_ACR_UNKNOWN = auto()
    ID_TOKEN_ACR_LIST = auto()
    ID_TOKEN_AUTH_TIME_MISSING = auto()
    ID_TOKEN_AUTH_TIME_OLD = auto()
    ID_TOKEN_AUTH_TIME_FUTURE = auto()
    ID_TOKEN_AMR_TEXT = auto()
    USERINFO_SUBJECT_OTHER = auto()
    USERINFO_SUBJECT_MISSING = auto()
    USERINFO_HTML = auto()
    USERINFO_JSON_BROKEN = auto()
    USERINFO_REFUSED = auto()
    USERINFO_REDIRECT = auto()
    USERINFO_TOO_LARGE = auto()
    USERINFO_DOWN = auto()
    USERINFO_UNSIGNED = auto()
    USERINFO_ISSUER_OTHER = auto()
    USERINFO_AUDIENCE_OTHER = auto()
    USERINFO_OTHER_KEY = auto()
    USERINFO_ALG_NONE = auto()


Pairs = list[tuple[str, str]]
Members = dict[str, Any]
OTHER_ISSUER = "https://other.example.hk"


def _set(**changes: Any) -> Callable[[Members], Members]:
    return lambda members: {**members, **changes}


def _drop(name: str) -> Callable[[Members], Members]:
    return lambda members: {key: value for key, value in members.items() if key != name}


METADATA_FAULTS: Mapping[Fault, Callable[[Members], Members]] = {
    Fault.METADATA_ISSUER_OTHER: _set(issuer=OTHER_ISSUER),
    Fault.METADATA_ISSUER_SLASH: lambda members: {**members, "issuer": members["issuer"] + "/"},
    Fault.METADATA_ISSUER_MISSING: _drop("issuer"),
    Fault.METADATA_TOKEN_ENDPOINT_MISSING: _drop("token_endpoint"),
    Fault.METADATA_TOKEN_ENDPOINT_HTTP: _set(token_endpoint="http://eid.example.hk/token"),
    Fault.METADATA_TOKEN_ENDPOINT_CREDENTIALS: _set(
        token_endpoint="https://localhost@evil.example"
    ),
    Fault.METADATA_PKCE_MISSING: _drop("code_challenge_methods_supported"),
    Fault.METADATA_CODE_MISSING: _set(response_types_supported=["id_token"]),
    Fault.METADATA_LIST_IS_TEXT: _set(response_types_supported="code"),
}


def _callback(name: str, *values: str) -> Callable[[Pairs], Pairs]:
    """The callback's parameters with ``name`` taking ``values`` instead."""
    return lambda pairs: [
        *(pair for pair in pairs if pair[0] != name),
        *((name, value) for value in values),
    ]


def _error(code: str) -> Callable[[Pairs], Pairs]:
    return lambda pairs: [("error", code), *(pair for pair in pairs if pair[0] != "code")]


CALLBACK_FAULTS: Mapping[Fault, Callable[[Pairs], Pairs]] = {
    Fault.CALLBACK_STATE_OTHER: _callback("state", "another-state"),
    Fault.CALLBACK_STATE_MISSING: _callback("state"),
    Fault.CALLBACK_STATE_REPEATED: lambda pairs: [*pairs, ("state", "another-state")],
    Fault.CALLBACK_ISSUER_OTHER: _callback("iss", OTHER_ISSUER),
    Fault.CALLBACK_ISSUER_MISSING: _callback("iss"),
    Fault.CALLBACK_CODE_MISSING: _callback("code"),
    Fault.CALLBACK_CODE_REPEATED: lambda pairs: [*pairs, ("code", "another-code")],
    Fault.CALLBACK_CODE_CONTROL: _callback("code", "a\nb"),
    Fault.CALLBACK_ACCESS_DENIED: _error("access_denied"),
    Fault.CALLBACK_LOGIN_REQUIRED: _error("login_required"),
    Fault.CALLBACK_ERROR_UNKNOWN: _error("<b>made up</b>"),
}

TOKEN_FAULTS: Mapping[Fault, Callable[[Members], Members]] = {
    Fault.TOKEN_TYPE_OTHER: _set(token_type="mac"),
    Fault.TOKEN_ACCESS_TOKEN_MISSING: _drop("access_token"),
    Fault.TOKEN_ACCESS_TOKEN_NUMBER: _set(access_token=7),
    Fault.TOKEN_ID_TOKEN_MISSING: _drop("id_token"),
    Fault.TOKEN_EXPIRES_IN_TEXT: _set(expires_in="300"),
    Fault.ID_TOKEN_MALFORMED: _set(id_token="not.a-token"),
}

Claims = dict[str, Any]


def _claim(name: str, value: Any) -> Callable[[Claims, int], None]:
    return lambda claims, _now: claims.update({name: value})


def _no_claim(name: str) -> Callable[[Claims, int], None]:
    def change(claims: Claims, _now: int) -> None:
        claims.pop(name, None)

    return change


def _moved(name: str, seconds: int) -> Callable[[Claims, int], None]:
    return lambda claims, now: claims.update({name: now + seconds})


CLAIM_FAULTS: Mapping[Fault, Callable[[Claims, int], None]] = {
    Fault.ID_TOKEN_TOO_LONG: _claim("padding", "x" * 20_000),
    Fault.ID_TOKEN_ISSUER_OTHER: _claim("iss", OTHER_ISSUER),
    Fault.ID_TOKEN_AUDIENCE_OTHER: _claim("aud", "another-service"),
    Fault.ID_TOKEN_AUDIENCE_MISSING: _no_claim("aud"),
    Fault.ID_TOKEN_AUDIENCE_WITH_OTHERS: lambda claims, _now: claims.update(
        aud=[claims["aud"], "another-service"], azp=claims["aud"]
    ),
    Fault.ID_TOKEN_AZP_OTHER: _claim("azp", "another-service"),
    Fault.ID_TOKEN_SUBJECT_MISSING: _no_claim("sub"),
    Fault.ID_TOKEN_SUBJECT_LONG: _claim("sub", "s" * 256),
    Fault.ID_TOKEN_EXPIRED: _moved("exp", -61),
    Fault.ID_TOKEN_EXP_MISSING: _no_claim("exp"),
    Fault.ID_TOKEN_EXP_TEXT: _claim("exp", "2999-01-01"),
    Fault.ID_TOKEN_IAT_MISSING: _no_claim("iat"),
    Fault.ID_TOKEN_IAT_FUTURE: _moved("iat", 120),
    Fault.ID_TOKEN_IAT_OLD: _moved("iat", -3_600),
    Fault.ID_TOKEN_NBF_FUTURE: _moved("nbf", 120),
    Fault.ID_TOKEN_NONCE_MISSING: _no_claim("nonce"),
    Fault.ID_TOKEN_NONCE_OTHER: _claim("nonce", "another-nonce"),
    Fault.ID_TOKEN_AT_HASH_OTHER: _claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
    Fault.ID_TOKEN_ACR_LOW: _claim("acr", "urn:hkeid:acr:eid"),
    Fault.ID_TOKEN_ACR_MISSING: _no_claim("acr"),
    Fault.ID_TOKEN_ACR_UNKNOWN: _claim("acr", "urn:example:very-high"),
    Fault.ID_TOKEN_ACR_LIST: _claim("acr", ["urn:hkeid:acr:eid-plus"]),
    Fault.ID_TOKEN_AUTH_TIME_MISSING: _no_claim("auth_time"),
    Fault.ID_TOKEN_AUTH_TIME_OLD: _moved("auth_time", -7_200),
    Fault.ID_TOKEN_AUTH_TIME_FUTURE: _moved("auth_time", 120),
    Fault.ID_TOKEN_AMR_TEXT: _claim("amr", "hwk"),
}

USERINFO_CLAIM_FAULTS: Mapping[Fault, Callable[[Claims], Any]] = {
    Fault.USERINFO_SUBJECT_OTHER: lambda claims: claims.update(sub="somebody-else"),
    Fault.USERINFO_SUBJECT_MISSING: lambda claims: claims.pop("sub"),
    Fault.USERINFO_ISSUER_OTHER: lambda claims: claims.update(iss=OTHER_ISSUER),
    Fault.USERINFO_AUDIENCE_OTHER: lambda claims: claims.update(aud="another-service"),
}

Spoil = Callable[[HttpAnswer, int], HttpAnswer]


def _answer(status: int, body: bytes, kind: str = "application/json", **headers: str) -> Spoil:
    return lambda _answer, _limit: HttpAnswer(
        status=status, headers={"content-type": kind, **headers}, body=body
    )


def _down(_answer: HttpAnswer, _limit: int) -> HttpAnswer:
    raise Unavailable("http_unreachable")


def _too_large(_answer: HttpAnswer, limit: int) -> HttpAnswer:
    body = b"{" + b" " * limit + b"}"
    return HttpAnswer(status=200, headers={"content-type": "application/json"}, body=body)


_HTML = _answer(200, b"<!doctype html>", "text/html")
_BROKEN = _answer(200, b'{"half": ')
_MOVED = _answer(307, b"", location=OTHER_ISSUER)
_BUSY = _answer(503, b"")

ANSWER_FAULTS: Mapping[Fault, tuple[Where, Spoil]] = {
    Fault.METADATA_NOT_JSON: (Where.METADATA, _HTML),
    Fault.METADATA_NOT_FOUND: (Where.METADATA, _answer(404, b"{}")),
    Fault.METADATA_REDIRECT: (Where.METADATA, _MOVED),
    Fault.METADATA_TOO_LARGE: (Where.METADATA, _too_large),
    Fault.METADATA_SERVER_ERROR: (Where.METADATA, _BUSY),
    Fault.METADATA_DOWN: (Where.METADATA, _down),
    Fault.JWKS_NOT_A_SET: (Where.JWKS, _answer(200, b'{"keys": {"kty": "EC"}}')),
    Fault.JWKS_EMPTY: (Where.JWKS, _answer(200, b'{"keys": []}')),
    Fault.JWKS_REDIRECT: (Where.JWKS, _MOVED),
    Fault.JWKS_DOWN: (Where.JWKS, _down),
    Fault.TOKEN_HTML: (Where.TOKEN, _HTML),
    Fault.TOKEN_JSON_BROKEN: (Where.TOKEN, _BROKEN),
    Fault.TOKEN_JSON_ARRAY: (Where.TOKEN, _answer(200, b"[]")),
    Fault.TOKEN_JSON_REPEATED_MEMBER: (
        Where.TOKEN,
        _answer(200, b'{"token_type": "Bearer", "access_token": "a", "access_token": "b"}'),
    ),
    Fault.TOKEN_REDIRECT: (Where.TOKEN, _MOVED),
    Fault.TOKEN_TOO_LARGE: (Where.TOKEN, _too_large),
    Fault.TOKEN_STATUS_204: (Where.TOKEN, _answer(204, b"")),
    Fault.TOKEN_SERVER_ERROR: (Where.TOKEN, _BUSY),
    Fault.TOKEN_DOWN: (Where.TOKEN, _down),
    Fault.TOKEN_INVALID_GRANT: (Where.TOKEN, _answer(400, b'{"error": "invalid_grant"}')),
    Fault.TOKEN_INVALID_CLIENT: (Where.TOKEN, _answer(401, b'{"error": "invalid_client"}')),
    Fault.TOKEN_ERROR_UNKNOWN: (Where.TOKEN, _answer(400, b'{"error": ["invented"]}')),
    Fault.USERINFO_HTML: (Where.USERINFO, _HTML),
    Fault.USERINFO_JSON_BROKEN: (Where.USERINFO, _BROKEN),
    Fault.USERINFO_REFUSED: (Where.USERINFO, _answer(401, b"")),
    Fault.USERINFO_REDIRECT: (Where.USERINFO, _MOVED),
    Fault.USERINFO_TOO_LARGE: (Where.USERINFO, _too_large),
    Fault.USERINFO_DOWN: (Where.USERINFO, _down),
}

_ALG_NONE = (Fault.ID_TOKEN_ALG_NONE, Fault.USERINFO_ALG_NONE)
_OTHER_KEY = (Fault.ID_TOKEN_OTHER_KEY, Fault.USERINFO_OTHER_KEY)
_HEADERS: Mapping[Fault, Members] = {
    Fault.ID_TOKEN_ALG_NONE: {"alg": "none"},
    Fault.USERINFO_ALG_NONE: {"alg": "none"},
    Fault.ID_TOKEN_ALG_HS256: {"alg": "HS256"},
    Fault.ID_TOKEN_ALG_RS256: {"alg": "RS256"},
    Fault.ID_TOKEN_KID_UNKNOWN: {"kid": "unknown"},
    Fault.ID_TOKEN_TYP_OTHER: {"typ": "at+jwt"},
    Fault.ID_TOKEN_CRIT: {"crit": ["exp"]},
}


def forge(
    claims: Members, key: PrivateSigningKey, jwk: Members, fault: Fault | None, where: Where
) -> str:
    """A JWT over ``claims``, honest unless ``fault`` is about signatures at ``where``."""
    if fault is not None and not fault.value.startswith(
        "id_token" if where is Where.TOKEN else "userinfo"
    ):
        fault = None
    header = {"alg": "ES256", "kid": jwk["kid"], **(_HEADERS.get(fault, {}) if fault else {})}
    if fault in _OTHER_KEY or fault is Fault.ID_TOKEN_KEY_IN_HEADER:
        key = generate("ES256")
    if fault is Fault.ID_TOKEN_KEY_IN_HEADER:
        header = {**header, "kid": "mine", "jwk": public_jwk(key)}
    message = f"{_part(header)}.{_part(claims)}"
    signature = signer(key)(message.encode())
    if fault in _ALG_NONE:
        signature = b""
    if fault is Fault.ID_TOKEN_ALG_HS256:
        # The classic confusion: the public key as a MAC key.
        signature = hmac.digest(json.dumps(jwk).encode(), message.encode(), hashlib.sha256)
    if fault is Fault.ID_TOKEN_SIGNATURE_CUT:
        signature = signature[:-1]
    if fault is Fault.ID_TOKEN_CLAIMS_CHANGED:
        message = f"{_part(header)}.{_part({**claims, 'sub': 'somebody-else'})}"
    return f"{message}.{base64url.encode(signature)}"


def _part(members: Members) -> str:
    return base64url.encode(json.dumps(members).encode())
