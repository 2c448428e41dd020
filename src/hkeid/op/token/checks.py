"""What must be true of a grant, a code and a refresh token before tokens are given for them.

Each raises ``invalid_grant`` inside the transaction, which rolls everything back: a code or token
that was presented wrongly is not used up.
"""

from __future__ import annotations

from collections.abc import Callable

from hkeid.kernel.instants import Instant
from hkeid.oidc import pkce
from hkeid.oidc.authorization_details import Detail, narrowed, parse_details
from hkeid.oidc.errors import ErrorCode, OAuthError
from hkeid.oidc.scopes import OPENID
from hkeid.op.clients import KnownClient
from hkeid.op.codes import CodeTerms, RefreshTerms
from hkeid.op.parts import Parts
from hkeid.op.records import Grant, ProviderTransaction
from hkeid.op.token.request import CodeExchange, Refresh

CodeCheck = Callable[[CodeExchange, CodeTerms, KnownClient], None]


def code_belongs_to_client(exchange: CodeExchange, terms: CodeTerms, known: KnownClient) -> None:
    """RFC 6749 §4.1.3: the code "was issued to the authenticated confidential client", or to the
    public client that the request names.
    """
    del exchange
    if terms.client_id != known.id:
        raise invalid_grant("code_of_other_client")


def redirect_uri_is_the_same(exchange: CodeExchange, terms: CodeTerms, known: KnownClient) -> None:
    """RFC 6749 §4.1.3: the redirect URIs of both requests MUST be identical."""
    del known
    if exchange.redirect_uri != terms.redirect_uri:
        raise invalid_grant("redirect_uri_mismatch")


def verifier_fits_challenge(exchange: CodeExchange, terms: CodeTerms, known: KnownClient) -> None:
    """RFC 7636 §4.6. RFC 9700 §2.1.1: a verifier without a challenge is a downgrade attempt."""
    del known
    if terms.code_challenge is None:
        if exchange.code_verifier is not None:
            raise invalid_grant("code_verifier_unexpected")
    elif exchange.code_verifier is None:
        raise invalid_grant("code_verifier_missing")
    elif not pkce.matches(exchange.code_verifier, terms.code_challenge):
        raise invalid_grant("code_verifier_wrong")


CODE_CHECKS: tuple[CodeCheck, ...] = (
    code_belongs_to_client,
    redirect_uri_is_the_same,
    verifier_fits_challenge,
)


def refreshed_scopes(refresh: Refresh, terms: RefreshTerms) -> tuple[str, ...]:
    """RFC 6749 §6: the scope "MUST NOT include any scope not originally granted"; it may be less.

    :raises OAuthError: ``invalid_scope``, reason ``scope_exceeds_grant`` or ``scope_without_openid``.
    """
    if refresh.scopes is None:
        return terms.scopes
    if not set(refresh.scopes) <= set(terms.scopes):
        raise OAuthError(
            ErrorCode.INVALID_SCOPE, "scope_exceeds_grant", "The scope exceeds what was granted."
        )
    if OPENID in terms.scopes and OPENID not in refresh.scopes:
        raise OAuthError(
            ErrorCode.INVALID_SCOPE, "scope_without_openid", "The scope must contain 'openid'."
        )
    return tuple(scope for scope in terms.scopes if scope in refresh.scopes)


def granted_details(
    text: str | None, granted: tuple[Detail, ...], known: KnownClient, parts: Parts
) -> tuple[Detail, ...]:
    """RFC 9396 §6.1: a token request may repeat the details granted, or narrow them down.

    :raises OAuthError: ``invalid_authorization_details``, reason ``details_exceed_grant`` or as
        :func:`hkeid.oidc.authorization_details.parse_details`.
    """
    if text is None:
        return granted
    asked = parse_details(text, parts.details, known.details_types)
    return narrowed(granted, asked, parts.details)


def living_grant(tx: ProviderTransaction, grant_id: str, now: Instant) -> Grant:
    """The grant, if it still holds and its resident may log in.

    :raises OAuthError: ``grant_revoked``, ``grant_expired``, ``resident_may_not_log_in``.
    """
    grant = tx.grants.get(grant_id)
    if grant is None or grant.revoked_at is not None:
        raise invalid_grant("grant_revoked")
    if now >= grant.expires_at:
        raise invalid_grant("grant_expired")
    resident = tx.residents.get(grant.resident_id)
    if resident is None or not resident.state.may_log_in:
        raise invalid_grant("resident_may_not_log_in")
    return grant


def invalid_grant(reason: str) -> OAuthError:
    """``invalid_grant`` (RFC 6749 §5.2). The description is the same for every reason: it must not
    help anybody who tries stolen codes.
    """
    return OAuthError(
        ErrorCode.INVALID_GRANT, reason, "The code or token is invalid, expired or revoked."
    )
