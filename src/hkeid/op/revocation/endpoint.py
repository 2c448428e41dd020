"""``/revoke``: a client gives up a token."""

from __future__ import annotations

from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.errors import OAuthError, invalid_request
from hkeid.op.client_authentication import CREDENTIAL_LIMITS, Caller, authenticate
from hkeid.op.codes import REFRESH_KIND, refresh_terms
from hkeid.op.events import TokenRevoked
from hkeid.op.forms import receive_form
from hkeid.op.parts import Parts
from hkeid.op.records import ProviderTransaction
from hkeid.op.responses import CORS, NO_STORE, direct_error
from hkeid.op.token.checks import invalid_grant

LIMITS = {**CREDENTIAL_LIMITS, "token": 512, "token_type_hint": 64}


class RevocationEndpoint:
    """The revocation endpoint."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, request: Request) -> Response:
        """Answer a revocation request: 200 whether or not there was such a token (RFC 7009 §2.2)."""
        now = self._parts.clock.now()
        try:
            received = receive_form(request, LIMITS)
            token = received.get("token")
            if token is None:
                raise invalid_request("token_missing", "The parameter 'token' is missing.")
            caller = authenticate(request, received, self._parts, now)
            with self._parts.store.transaction() as tx:
                caller.use_up_assertion(tx.single_use)
                own = _revoke(tx, secret_digest(token), caller, now)
            # Only now: inside the transaction it would give the assertion back.
            if not own:
                raise invalid_grant("token_of_other_client")
        except OAuthError as error:
            return direct_error(error)
        return Response(status=200, headers=(*NO_STORE, *CORS))


def _revoke(tx: ProviderTransaction, digest: bytes, caller: Caller, now: Instant) -> bool:
    """Revoke what the token is; False when it is another client's.

    §2.1: that is refused, "and the client is informed of the error". ``token_type_hint`` only says
    where to look first; both places are quick.
    """
    token = tx.access_tokens.get(digest)
    if token is not None:
        if token.client_id != caller.known.id:
            return False
        tx.access_tokens.delete(digest)
        tx.audit.append(
            TokenRevoked(grant_id=token.grant_id, client_id=caller.known.id, kind="access_token")
        )
        return True
    record = tx.single_use.look(REFRESH_KIND, digest)
    if record is None:
        return True
    terms = refresh_terms(record)
    if terms.client_id != caller.known.id:
        return False
    _revoke_grant(tx, terms.grant_id, caller, now)
    return True


def _revoke_grant(tx: ProviderTransaction, grant_id: str, caller: Caller, now: Instant) -> None:
    """§2.1: with a refresh token goes everything of the same grant; a used one counts too."""
    tx.single_use.revoke_family(grant_id, now)
    if tx.grants.revoke(grant_id, now):
        tx.audit.append(
            TokenRevoked(grant_id=grant_id, client_id=caller.known.id, kind="refresh_token")
        )
