"""``/introspect``: a client asks what an access token of its own is still good for."""

from __future__ import annotations

from typing import Any

from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant, epoch_seconds
from hkeid.oidc.errors import OAuthError, invalid_request
from hkeid.oidc.forms import FORM_DETAIL
from hkeid.oidc.scopes import OPENID
from hkeid.op import paths
from hkeid.op.bearer_tokens import Bearer, read_bearer
from hkeid.op.client_authentication import CREDENTIAL_LIMITS, Caller, authenticate
from hkeid.op.forms import receive_form
from hkeid.op.parts import Parts
from hkeid.op.records import ClientAuthMethod
from hkeid.op.responses import direct_error, token_answer

LIMITS = {**CREDENTIAL_LIMITS, "token": 512, "token_type_hint": 64}
_INACTIVE = {"active": False}


class IntrospectionEndpoint:
    """The introspection endpoint. The APIs behind the provider ask it directly; over the wire a client
    learns about its own tokens alone, and everything else is inactive (§2.2, §4).
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, request: Request) -> Response:
        """Answer an introspection request (§2.2)."""
        now = self._parts.clock.now()
        try:
            received = receive_form(request, LIMITS)
            token = received.get("token")
            if token is None:
                raise invalid_request("token_missing", "The parameter 'token' is missing.")
            caller = authenticate(request, received, self._parts, now, path=paths.INTROSPECT)
            with self._parts.store.transaction() as tx:
                caller.use_up_assertion(tx.single_use)
        except OAuthError as error:
            return direct_error(error)
        return token_answer(self._answer(token, caller, now))

    def _answer(self, token: str, caller: Caller, now: Instant) -> dict[str, Any]:
        # §2.1: "the endpoint MUST also require some form of authorization": who only says its name
        # has none.
        if caller.known.client.auth_method is ClientAuthMethod.NONE:
            return _INACTIVE
        try:
            bearer = read_bearer(self._parts, token, now)
        except OAuthError:
            return _INACTIVE
        if bearer.known.id != caller.known.id:
            return _INACTIVE
        return self._description(bearer)

    def _description(self, bearer: Bearer) -> dict[str, Any]:
        description: dict[str, Any] = {
            "active": True,
            "iss": self._parts.issuer,
            "client_id": bearer.known.id,
            "token_type": "Bearer",
            "scope": " ".join(bearer.token.scopes),
            "iat": epoch_seconds(bearer.token.created_at),
            "exp": epoch_seconds(bearer.token.expires_at),
        }
        if not _anonymous(bearer):
            description["sub"] = bearer.grant.subject
        if bearer.details:
            # RFC 9396 §9.2: "the authorization details ... MUST be conveyed".
            description["authorization_details"] = [dict(one) for one in bearer.details]
        return description


def _anonymous(bearer: Bearer) -> bool:
    """Whether the token is for forms alone and nobody logged in: then it tells no name for the resident."""
    return OPENID not in bearer.token.scopes and any(
        detail["type"] == FORM_DETAIL for detail in bearer.details
    )
