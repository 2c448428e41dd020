"""What a Bearer token stands for."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret, secret_digest
from hkeid.oidc.authorization_details import Detail
from hkeid.oidc.errors import ErrorCode, OAuthError
from hkeid.op.clients import KnownClient
from hkeid.op.parts import Parts
from hkeid.op.presented import bearer_error
from hkeid.op.records import AccessToken, Grant
from hkeid.op.tokens import DETAILS_KIND, details_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A good access token.

    :ivar details: authorization details that were granted (RFC 9396 §9).
    :ivar authorisation: proof of the resident's approval of one of them, or None.
    """

    token: AccessToken
    grant: Grant
    known: KnownClient
    details: tuple[Detail, ...] = field(default=(), repr=False)
    authorisation: Secret | None = None


def read_bearer(parts: Parts, presented: str, now: Instant) -> Bearer:
    """What the token stands for, if it is good.

    :raises OAuthError: ``invalid_token``: ``token_unknown`` (never was, or revoked),
        ``token_expired``, ``grant_revoked``, ``resident_may_not_log_in``, ``client_unknown``.
    """
    digest = secret_digest(presented)
    with parts.store.transaction() as tx:
        token = tx.access_tokens.get(digest)
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
        record = tx.single_use.look(DETAILS_KIND, digest)
    known = parts.clients.find(token.client_id, now)
    if known is None:
        raise _invalid("client_unknown")
    details, authorisation = ((), None) if record is None else details_of(record, presented)
    return Bearer(
        token=token,
        grant=grant,
        known=known,
        details=details,
        authorisation=None if authorisation is None else Secret(authorisation),
    )


def _invalid(reason: str) -> OAuthError:
    return bearer_error(
        ErrorCode.INVALID_TOKEN, reason, "The access token is invalid, expired or revoked."
    )
