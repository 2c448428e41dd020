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
            caller = authenticate(request, received, self._parts, now)
            token = received.get("token")
            if token is None:
                raise invalid_request("token_missing", "The parameter 'token' is missing.")
            # token_type_hint only says where to look first (§2.1); both places are quick.
            with self._parts.store.transaction() as tx:
                caller.use_up_assertion(tx.single_use)
                digest = secret_digest(token)
                if not _revoke_access_token(tx, digest, caller):
                    _revoke_refresh_token(tx, digest, caller, now)
        except OAuthError as error:
            return direct_error(error)
        return Response(status=200, headers=(*NO_STORE, *CORS))


def _revoke_access_token(tx: ProviderTransaction, digest: bytes, caller: Caller) -> bool:
    token = tx.access_tokens.get(digest)
    if token is None:
        return False
    _must_be_own(token.client_id, caller)
    tx.access_tokens.delete(digest)
    tx.audit.append(
        TokenRevoked(grant_id=token.grant_id, client_id=caller.known.id, kind="access_token")
    )
    return True


def _revoke_refresh_token(
    tx: ProviderTransaction, digest: bytes, caller: Caller, now: Instant
) -> None:
    """§2.1: with a refresh token goes everything of the same grant; a used one counts too."""
    record = tx.single_use.look(REFRESH_KIND, digest)
    if record is None:
        return
    terms = refresh_terms(record)
    _must_be_own(terms.client_id, caller)
    tx.single_use.revoke_family(terms.grant_id, now)
    if tx.grants.revoke(terms.grant_id, now):
        tx.audit.append(
            TokenRevoked(grant_id=terms.grant_id, client_id=caller.known.id, kind="refresh_token")
        )


def _must_be_own(client_id: str, caller: Caller) -> None:
    """§2.1: a token of another client is refused, "and the client is informed of the error"."""
    if client_id != caller.known.id:
        raise invalid_grant("token_of_other_client")
