"""``/par``: a client hands in an authorization request and gets a name for it (RFC 9126)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant
from hkeid.oidc.errors import OAuthError, invalid_request
from hkeid.oidc.parameters import Received
from hkeid.op import paths
from hkeid.op.authorization.checks import CHECKS
from hkeid.op.authorization.parameters import JSON_PARAMETERS
from hkeid.op.authorization.parameters import LIMITS as AUTHORIZATION_LIMITS
from hkeid.op.authorization.trust import reply_to, trusted_redirect_uri
from hkeid.op.authorization.understanding import understand
from hkeid.op.client_authentication import CREDENTIAL_LIMITS, Caller, authenticate
from hkeid.op.forms import receive_form
from hkeid.op.parts import Parts
from hkeid.op.pushed.records import PREFIX, confirmation_code, new_pushed_record
from hkeid.op.responses import direct_error, token_answer

LIMITS = MappingProxyType({**AUTHORIZATION_LIMITS, **CREDENTIAL_LIMITS})


class PushedEndpoint:
    """The pushed authorization request endpoint."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, request: Request) -> Response:
        """Answer a pushed request: 201 with its name (§2.2), or an error as of the token endpoint
        (§2.3). What the authorization endpoint would turn down is turned down here already.
        """
        now = self._parts.clock.now()
        try:
            received = receive_form(request, LIMITS, white_space_allowed=JSON_PARAMETERS)
            # §2: the endpoint's own address identifies it in an assertion too.
            caller = authenticate(request, received, self._parts, now, path=paths.PAR)
            return token_answer(self._keep(received, caller, now), status=201)
        except OAuthError as error:
            return direct_error(error)

    def _keep(self, received: Received, caller: Caller, now: Instant) -> dict[str, Any]:
        parts = self._parts
        token = parts.random.token()
        lifetime = parts.settings.pushed_lifetime
        problem = None
        try:
            wanted = self._checked(received, caller)
        except OAuthError as error:
            problem, wanted = error, {}
        record = new_pushed_record(
            token, caller.known.id, wanted, now, lifetime, nonce=parts.random.token_bytes(12)
        )
        with parts.store.transaction() as tx:
            caller.use_up_assertion(tx.single_use)
            if problem is None:
                tx.single_use.put(record)
        if problem is not None:
            raise problem
        answer: dict[str, Any] = {
            "request_uri": PREFIX + token,
            "expires_in": int(lifetime.total_seconds()),
        }
        if "authorization_details" in wanted:
            answer["confirmation_code"] = confirmation_code(token, record.payload)
        return answer

    def _checked(self, received: Received, caller: Caller) -> dict[str, str]:
        """The parameters of a request that is in order."""
        # §2.1: "The request_uri authorization request parameter is one exception, and it MUST NOT be
        # provided."
        if received.get("request_uri") is not None:
            raise invalid_request("request_uri_pushed", "A request_uri cannot be pushed.")
        values = {
            name: value
            for name, value in received.values.items()
            if name in AUTHORIZATION_LIMITS and name != "client_id"
        }
        wanted = Received({**values, "client_id": caller.known.id})
        reply = reply_to(wanted, trusted_redirect_uri(wanted, caller.known))
        for check in CHECKS:
            check(wanted, caller.known)
        understand(wanted, caller.known, reply, self._parts)
        return dict(wanted.values)
