"""``/token``: parse, authenticate, redeem in one transaction, render."""

from __future__ import annotations

from typing import Any

from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant
from hkeid.oidc.errors import OAuthError
from hkeid.oidc.parameters import Received
from hkeid.oidc.scopes import OPENID
from hkeid.op.client_authentication import Caller, authenticate
from hkeid.op.events import CodeRefused, RefreshRefused
from hkeid.op.forms import receive_form
from hkeid.op.parts import Parts
from hkeid.op.responses import direct_error, token_answer
from hkeid.op.token.exchange import Issued, exchange_code
from hkeid.op.token.refresh import refresh_tokens
from hkeid.op.token.request import LIMITS, CodeExchange, Refresh, parse
from hkeid.op.tokens import id_token
from hkeid.op.verified_claims import wishes

_RECORDED_BY_THEMSELVES = frozenset({"code_replayed", "refresh_token_replayed", "session_ended"})


class TokenEndpoint:
    """The token endpoint."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lifetime = parts.settings.access_token_lifetime

    def handle(self, request: Request) -> Response:
        """Answer a token request (RFC 6749 §5)."""
        now = self._parts.clock.now()
        try:
            received = receive_form(request, LIMITS, white_space_allowed=("authorization_details",))
            caller = authenticate(request, received, self._parts, now)
            issued = self._redeem(self._parsed(received, caller), caller, now)
        except OAuthError as error:
            return direct_error(error)
        return token_answer(self._answer(issued, caller, now))

    def _parsed(self, received: Received, caller: Caller) -> CodeExchange | Refresh:
        """The request; one that is turned down has used up the assertion that came with it."""
        try:
            return parse(received, caller.known)
        except OAuthError:
            if caller.jti is not None:
                with self._parts.store.transaction() as tx:
                    tx.single_use.put(caller.jti)
            raise

    def _redeem(self, wanted: CodeExchange | Refresh, caller: Caller, now: Instant) -> Issued:
        try:
            if isinstance(wanted, CodeExchange):
                return exchange_code(wanted, caller, self._parts, now)
            return refresh_tokens(wanted, caller, self._parts, now)
        except OAuthError as error:
            self._note_failure(wanted, caller, error)
            raise

    def _note_failure(
        self, wanted: CodeExchange | Refresh, caller: Caller, error: OAuthError
    ) -> None:
        """What was rolled back is recorded afterwards, and the assertion that came with it counts
        as used.
        """
        if error.reason in _RECORDED_BY_THEMSELVES:
            return
        event = CodeRefused if isinstance(wanted, CodeExchange) else RefreshRefused
        self._parts.note_refusal(
            event(client_id=caller.known.id, reason=error.reason), assertion=caller.jti
        )

    def _answer(self, issued: Issued, caller: Caller, now: Instant) -> dict[str, Any]:
        """RFC 6749 §5.1, OpenID Connect Core §3.1.3.3 and §12.2."""
        names = issued.grant.claims.get("id_token", ())
        verified = wishes(issued.grant, "id_token", caller.known, self._parts)
        personal = (
            self._parts.claims.release(
                issued.grant.resident_id, caller.known.id, names, now, verified
            )
            if names or verified
            else {}
        )
        answer: dict[str, Any] = {
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": self._expires_in(issued, now),
            "scope": " ".join(issued.scopes),
        }
        if OPENID in issued.scopes:
            answer["id_token"] = id_token(
                self._parts,
                caller.known,
                issued.grant,
                access_token=issued.access_token,
                nonce=issued.nonce,
                personal=personal,
                now=now,
            )
        if issued.details:
            # RFC 9396 §7: "the authorization details as granted by the resource owner".
            answer["authorization_details"] = [dict(one) for one in issued.details]
        if issued.refresh_token is not None:
            answer["refresh_token"] = issued.refresh_token
        return answer

    def _expires_in(self, issued: Issued, now: Instant) -> int:
        """Seconds; a token does not outlive its grant."""
        return int(min(self._lifetime, issued.expires_at - now).total_seconds())
