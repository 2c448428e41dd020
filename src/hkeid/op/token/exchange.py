"""Exchanging an authorization code for tokens, at most once (RFC 6749 §4.1.2, §4.1.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.authorization_details import Detail
from hkeid.oidc.scopes import OFFLINE_ACCESS
from hkeid.op.client_authentication import Caller
from hkeid.op.codes import CODE_KIND, code_terms, new_refresh_record
from hkeid.op.events import CodeRedeemed, CodeReplayed, GrantRevoked
from hkeid.op.parts import Parts
from hkeid.op.records import Grant, ProviderTransaction
from hkeid.op.token.checks import CODE_CHECKS, granted_details, invalid_grant, living_grant
from hkeid.op.token.request import CodeExchange
from hkeid.op.tokens import keep_access_token, new_access_token
from hkeid.ports.storage import Lost, SingleUseRecord, Won


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What a successful token request gives; the ID token is made from it afterwards."""

    grant: Grant
    scopes: tuple[str, ...]
    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    nonce: str | None = None
    details: tuple[Detail, ...] = field(default=(), repr=False)
    expires_at: Instant


def exchange_code(exchange: CodeExchange, caller: Caller, parts: Parts, now: Instant) -> Issued:
    """Redeem a code in one transaction.

    A check that fails rolls back, so the code stays usable by its owner. A replay revokes the whole
    family and commits that, before it is refused.

    :raises OAuthError: ``invalid_grant`` or ``invalid_client``.
    """
    digest = secret_digest(exchange.code)
    with parts.store.transaction() as tx:
        caller.use_up_assertion(tx.single_use)
        outcome = tx.single_use.use_up(CODE_KIND, digest, now)
        if isinstance(outcome, Won):
            issued = _redeem(tx, outcome.record, exchange, caller, parts, now)
        elif isinstance(outcome, Lost):
            _revoke_replayed(tx, outcome.record, caller, now)
        else:
            raise invalid_grant("code_unknown_or_expired")
    if isinstance(outcome, Lost):
        raise invalid_grant("code_replayed")
    return _while_session_lives(issued, parts, now)


def _redeem(
    tx: ProviderTransaction,
    record: SingleUseRecord,
    exchange: CodeExchange,
    caller: Caller,
    parts: Parts,
    now: Instant,
) -> Issued:
    terms = code_terms(record)
    for check in CODE_CHECKS:
        check(exchange, terms, caller.known)
    grant = living_grant(tx, terms.grant_id, now)
    granted, authorisation = terms.opened(exchange.code)
    details = granted_details(exchange.details, granted, caller.known, parts)
    access_token = parts.random.token()
    kept = new_access_token(access_token, grant, grant.scopes, now, parts, until=terms.until)
    keep_access_token(tx, access_token, kept, details, authorisation, parts)
    refresh_token = None
    # What was approved by itself was approved once.
    if OFFLINE_ACCESS in grant.scopes and not terms.approved:
        refresh_token = parts.random.token()
        idle = parts.settings.refresh_idle
        tx.single_use.put(
            new_refresh_record(
                refresh_token,
                grant,
                grant.scopes,
                now,
                idle,
                details=granted,
                nonce=parts.random.token_bytes(12),
            )
        )
    tx.audit.append(CodeRedeemed(grant_id=grant.id, client_id=caller.known.id))
    return Issued(
        grant=grant,
        scopes=grant.scopes,
        access_token=access_token,
        refresh_token=refresh_token,
        nonce=terms.nonce,
        details=details,
        expires_at=kept.expires_at,
    )


def _revoke_replayed(
    tx: ProviderTransaction, record: SingleUseRecord, caller: Caller, now: Instant
) -> None:
    """RFC 6749 §4.1.2: a second use "SHOULD revoke (when possible) all tokens previously issued".

    Whoever presents it: somebody else knows the code.
    """
    grant_id = code_terms(record).grant_id
    tx.single_use.revoke_family(grant_id, now)
    tx.grants.revoke(grant_id, now)
    tx.audit.append(CodeReplayed(grant_id=grant_id, client_id=caller.known.id))


def _while_session_lives(issued: Issued, parts: Parts, now: Instant) -> Issued:
    """The session may have ended since the code was given. It is asked after the transaction
    (transactions do not nest), and before anything has left the house.
    """
    if parts.sessions.is_live(issued.grant.session_id, now):
        return issued
    with parts.store.transaction() as tx:
        tx.single_use.revoke_family(issued.grant.id, now)
        tx.grants.revoke(issued.grant.id, now)
        tx.audit.append(
            GrantRevoked(
                grant_id=issued.grant.id,
                client_id=issued.grant.client_id,
                reason="session_ended",
            )
        )
    raise invalid_grant("session_ended")
