"""Refreshing (RFC 6749 §6), with rotation and a grace window for clients that retry.

A refresh token that is used up leaves its successor behind, sealed so that only the presenter of
the old token can read it. Within the grace window a second presenter gets the same successor and a
fresh access token; later it is a replay, and the whole grant is revoked (RFC 9700 §4.14.2). It is one
at once when the successor has been used: then the client had its answer and has nothing to repeat.
"""

from __future__ import annotations

from hkeid.doors.sealing import open_sealed, seal
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.op.client_authentication import Caller
from hkeid.op.clients import KnownClient
from hkeid.op.codes import REFRESH_KIND, RefreshTerms, new_refresh_record, refresh_terms
from hkeid.op.events import RefreshRepeated, RefreshReplayed, RefreshRotated
from hkeid.op.parts import Parts
from hkeid.op.records import Grant, ProviderTransaction
from hkeid.op.token.checks import (
    granted_details,
    invalid_grant,
    living_grant,
    refreshed_scopes,
)
from hkeid.op.token.exchange import Issued
from hkeid.op.token.request import Refresh
from hkeid.op.tokens import keep_access_token, new_access_token
from hkeid.ports.storage import Lost, SingleUseRecord, Won


def refresh_tokens(refresh: Refresh, caller: Caller, parts: Parts, now: Instant) -> Issued:
    """Use a refresh token in one transaction.

    :raises OAuthError: ``invalid_grant``, ``invalid_scope`` or ``invalid_client``.
    """
    presented = refresh.refresh_token
    successor = parts.random.token()
    sealed = seal(presented, successor, parts.random.token_bytes(12))
    issued = None
    with parts.store.transaction() as tx:
        caller.use_up_assertion(tx.single_use)
        outcome = tx.single_use.use_up(REFRESH_KIND, secret_digest(presented), now, result=sealed)
        if isinstance(outcome, Won):
            terms = _terms_of(outcome.record, caller)
            issued = _rotate(tx, refresh, terms, successor, caller.known, parts, now)
        elif isinstance(outcome, Lost):
            issued = _repeat_or_revoke(tx, refresh, outcome.record, caller, parts, now)
        else:
            raise invalid_grant("refresh_token_unknown_or_expired")
    if issued is None:
        raise invalid_grant("refresh_token_replayed")
    return issued


def _terms_of(record: SingleUseRecord, caller: Caller) -> RefreshTerms:
    """RFC 6749 §6: the refresh token "is bound to the client to which it was issued"."""
    terms = refresh_terms(record)
    if terms.client_id != caller.known.id:
        raise invalid_grant("refresh_token_of_other_client")
    return terms


def _rotate(
    tx: ProviderTransaction,
    refresh: Refresh,
    terms: RefreshTerms,
    successor: str,
    known: KnownClient,
    parts: Parts,
    now: Instant,
) -> Issued:
    grant = living_grant(tx, terms.grant_id, now)
    idle = parts.settings.refresh_idle
    # The successor keeps what the old one could give: narrowing is for the access token alone.
    tx.single_use.put(
        new_refresh_record(
            successor,
            grant,
            terms.scopes,
            now,
            idle,
            details=terms.opened(refresh.refresh_token),
            nonce=parts.random.token_bytes(12),
        )
    )
    tx.audit.append(RefreshRotated(grant_id=grant.id, client_id=grant.client_id))
    return _issue(tx, refresh, terms, grant, successor, known, parts, now)


def _issue(
    tx: ProviderTransaction,
    refresh: Refresh,
    terms: RefreshTerms,
    grant: Grant,
    successor: str,
    known: KnownClient,
    parts: Parts,
    now: Instant,
) -> Issued:
    scopes = refreshed_scopes(refresh, terms)
    details = granted_details(refresh.details, terms.opened(refresh.refresh_token), known, parts)
    access_token = parts.random.token()
    kept = new_access_token(access_token, grant, scopes, now, parts)
    keep_access_token(tx, access_token, kept, details, None, parts)
    return Issued(
        grant=grant,
        scopes=scopes,
        access_token=access_token,
        refresh_token=successor,
        details=details,
        expires_at=kept.expires_at,
    )


def _is_unused(tx: ProviderTransaction, refresh_token: str) -> bool:
    record = tx.single_use.look(REFRESH_KIND, secret_digest(refresh_token))
    return record is not None and record.used_at is None


def _repeat_or_revoke(
    tx: ProviderTransaction,
    refresh: Refresh,
    record: SingleUseRecord,
    caller: Caller,
    parts: Parts,
    now: Instant,
) -> Issued | None:
    """The token was used before: the same unused successor within the grace window, else None and
    the family is revoked.
    """
    terms = refresh_terms(record)
    used_at = record.used_at
    successor = open_sealed(refresh.refresh_token, record.result or b"")
    within = used_at is not None and now - used_at < parts.settings.refresh_grace
    mine = terms.client_id == caller.known.id
    if not (within and mine and successor is not None and _is_unused(tx, successor)):
        tx.single_use.revoke_family(terms.grant_id, now)
        tx.grants.revoke(terms.grant_id, now)
        tx.audit.append(RefreshReplayed(grant_id=terms.grant_id, client_id=caller.known.id))
        return None
    grant = living_grant(tx, terms.grant_id, now)
    tx.audit.append(RefreshRepeated(grant_id=grant.id, client_id=grant.client_id))
    return _issue(tx, refresh, terms, grant, successor, caller.known, parts, now)
