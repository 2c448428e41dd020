"""Authorization codes and refresh tokens as single-use records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.op.authorization.request import AuthorizationRequest
from hkeid.op.records import Grant
from hkeid.ports.storage import SingleUseRecord

CODE_KIND = "authorization_code"
REFRESH_KIND = "refresh_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTerms:
    """What an authorization code is bound to."""

    grant_id: str
    client_id: str
    redirect_uri: str
    code_challenge: str | None
    nonce: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTerms:
    """What a refresh token is bound to, and the scopes it may give."""

    grant_id: str
    client_id: str
    scopes: tuple[str, ...]


def new_code_record(
    code: str, grant: Grant, request: AuthorizationRequest, now: Instant, lifetime: timedelta
) -> SingleUseRecord:
    """The record of a new authorization code (RFC 6749 §4.1.2)."""
    terms: dict[str, Any] = {
        "grant": grant.id,
        "client": grant.client_id,
        "redirect_uri": request.reply_to.redirect_uri,
        "challenge": request.code_challenge,
        "nonce": request.nonce,
    }
    return SingleUseRecord(
        kind=CODE_KIND,
        digest=secret_digest(code),
        family=grant.id,
        payload=canonical_json.dumps(terms),
        created_at=now,
        expires_at=now + lifetime,
    )


def code_terms(record: SingleUseRecord) -> CodeTerms:
    """The terms in a code's record."""
    terms = canonical_json.loads_object(record.payload)
    return CodeTerms(
        grant_id=terms["grant"],
        client_id=terms["client"],
        redirect_uri=terms["redirect_uri"],
        code_challenge=terms["challenge"],
        nonce=terms["nonce"],
    )


def new_refresh_record(
    token: str, grant: Grant, scopes: tuple[str, ...], now: Instant, idle: timedelta
) -> SingleUseRecord:
    """The record of a new refresh token; it dies with its grant at the latest."""
    terms = {"grant": grant.id, "client": grant.client_id, "scopes": list(scopes)}
    return SingleUseRecord(
        kind=REFRESH_KIND,
        digest=secret_digest(token),
        family=grant.id,
        payload=canonical_json.dumps(terms),
        created_at=now,
        expires_at=min(now + idle, grant.expires_at),
    )


def refresh_terms(record: SingleUseRecord) -> RefreshTerms:
    """The terms in a refresh token's record."""
    terms = canonical_json.loads_object(record.payload)
    return RefreshTerms(
        grant_id=terms["grant"], client_id=terms["client"], scopes=tuple(terms["scopes"])
    )
