"""``/userinfo``: who the resident is to this client, at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hkeid.jose import sign_jwt
from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.errors import ErrorCode, OAuthError
from hkeid.oidc.scopes import SCOPE_CLAIMS
from hkeid.op.clients import KnownClient
from hkeid.op.parts import Parts
from hkeid.op.records import AccessToken, Grant
from hkeid.op.responses import CORS, NO_STORE, direct_error, token_answer
from hkeid.op.userinfo.bearer import REALM, bearer_error, presented_token
from hkeid.ports.keys import KeyPurpose

_EXPOSED = (*CORS, ("Access-Control-Expose-Headers", "WWW-Authenticate"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bearer:
    token: AccessToken
    grant: Grant
    known: KnownClient


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
            bearer = self._bearer(presented, now)
        except OAuthError as error:
            return direct_error(error)
        return self._answer(bearer, self._claims(bearer, now))

    def _bearer(self, presented: str, now: Instant) -> _Bearer:
        """What the token stands for, if it is good.

        :raises OAuthError: ``invalid_token``: ``token_unknown`` (never was, or revoked),
            ``token_expired``, ``grant_revoked``, ``resident_may_not_log_in``, ``client_unknown``.
        """
        with self._parts.store.transaction() as tx:
            token = tx.access_tokens.get(secret_digest(presented))
            if token is None:
                raise _invalid("token_unknown")
            if now >= token.expires_at:
                raise _invalid("token_expired")
            grant = tx.grants.get(token.grant_id)
            if grant is None or grant.revoked_at is not None:
                raise _invalid("grant_revoked")
            resident = tx.residents.get(grant.resident_id)
            if resident is None or not resident.state.may_log_in:
                raise _invalid("resident_may_not_log_in")
        known = self._parts.clients.find(token.client_id, now)
        if known is None:
            raise _invalid("client_unknown")
        return _Bearer(token=token, grant=grant, known=known)

    def _claims(self, bearer: _Bearer, now: Instant) -> dict[str, Any]:
        """``sub``, and the personal claims that may be released now."""
        names = _wanted(bearer)
        released = (
            self._parts.claims.release(bearer.grant.resident_id, bearer.known.id, names, now)
            if names
            else {}
        )
        return {**released, "sub": bearer.grant.subject}

    def _answer(self, bearer: _Bearer, claims: dict[str, Any]) -> Response:
        """JSON, or a signed JWT where the client registered that (§5.3.2)."""
        algorithm = bearer.known.client.userinfo_signed_response_alg
        if algorithm is None:
            return token_answer(claims)
        signed = sign_jwt(
            self._parts.keys,
            KeyPurpose.TOKEN_SIGNING,
            {**claims, "iss": self._parts.issuer, "aud": bearer.known.id},
            algorithm=algorithm,
            typ="JWT",
        )
        return Response(
            status=200,
            headers=(("Content-Type", "application/jwt"), *NO_STORE, *CORS),
            body=signed.encode("ascii"),
        )


def _wanted(bearer: _Bearer) -> tuple[str, ...]:
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


def _invalid(reason: str) -> OAuthError:
    return bearer_error(
        ErrorCode.INVALID_TOKEN, reason, "The access token is invalid, expired or revoked."
    )
