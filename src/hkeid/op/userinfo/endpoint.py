"""``/userinfo``: who the resident is to this client, at this moment."""

from __future__ import annotations

from typing import Any

from hkeid.jose import sign_jwt
from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant, epoch_seconds
from hkeid.oidc.errors import ErrorCode, OAuthError
from hkeid.oidc.scopes import OPENID, SCOPE_CLAIMS
from hkeid.op.bearer_tokens import Bearer, read_bearer
from hkeid.op.parts import Parts
from hkeid.op.presented import REALM, bearer_error, presented_token
from hkeid.op.responses import CORS, NO_STORE, direct_error, token_answer
from hkeid.op.verified_claims import wishes
from hkeid.ports.keys import KeyPurpose

_EXPOSED = (*CORS, ("Access-Control-Expose-Headers", "WWW-Authenticate"))


class UserinfoEndpoint:
    """The UserInfo endpoint."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, request: Request) -> Response:
        """Answer a UserInfo request (OpenID Connect Core §5.3.2)."""
        now = self._parts.clock.now()
        try:
            presented = presented_token(request)
            if presented is None:
                # RFC 6750 §3.1: without any credentials the challenge carries no error code.
                return Response(
                    status=401, headers=(("WWW-Authenticate", REALM), *NO_STORE, *_EXPOSED)
                )
            bearer = read_bearer(self._parts, presented, now)
            _require_openid(bearer)
        except OAuthError as error:
            return direct_error(error)
        return self._answer(bearer, self._claims(bearer, now), now)

    def _claims(self, bearer: Bearer, now: Instant) -> dict[str, Any]:
        """``sub``, and the personal claims that may be released now."""
        names = _wanted(bearer)
        verified = wishes(bearer.grant, "userinfo", bearer.known, self._parts)
        released = (
            self._parts.claims.release(
                bearer.grant.resident_id, bearer.known.id, names, now, verified
            )
            if names or verified
            else {}
        )
        return {**released, "sub": bearer.grant.subject}

    def _answer(self, bearer: Bearer, claims: dict[str, Any], now: Instant) -> Response:
        """JSON, or a signed JWT where the client registered that (§5.3.2). The JWT says when it was
        signed: services keep it as proof of what they were told.
        """
        algorithm = bearer.known.client.userinfo_signed_response_alg
        if algorithm is None:
            return token_answer(claims)
        signed = sign_jwt(
            self._parts.keys,
            KeyPurpose.TOKEN_SIGNING,
            {
                **claims,
                "iss": self._parts.issuer,
                "aud": bearer.known.id,
                "iat": epoch_seconds(now),
            },
            algorithm=algorithm,
            typ="JWT",
        )
        return Response(
            status=200,
            headers=(("Content-Type", "application/jwt"), *NO_STORE, *CORS),
            body=signed.encode("ascii"),
        )


def _wanted(bearer: Bearer) -> tuple[str, ...]:
    """The claims asked for when the grant was given, less those that the client may no longer ask
    for, and less those of scopes that a refresh left out.
    """
    left_out = {
        name
        for scope, names in SCOPE_CLAIMS.items()
        if scope in bearer.grant.scopes and scope not in bearer.token.scopes
        for name in names
    }
    return tuple(
        name
        for name in bearer.grant.claims.get("userinfo", ())
        if name in bearer.known.claims and name not in left_out
    )


def _require_openid(bearer: Bearer) -> None:
    """OpenID Connect Core §5.3: UserInfo is for access tokens of OpenID Connect authentication.

    :raises OAuthError: ``insufficient_scope`` (RFC 6750 §3.1).
    """
    if OPENID not in bearer.token.scopes:
        raise bearer_error(
            ErrorCode.INSUFFICIENT_SCOPE, "scope_without_openid", "The scope must contain openid."
        )
