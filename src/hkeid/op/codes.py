"""Authorization codes and refresh tokens as single-use records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.authorization_details import Detail
from hkeid.op.authorization.request import AuthorizationRequest
from hkeid.op.interactions import Approved
from hkeid.op.records import Grant
from hkeid.op.sealing import open_sealed, seal
from hkeid.ports.storage import SingleUseRecord

CODE_KIND = "authorization_code"
REFRESH_KIND = "refresh_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTerms:
    """What an authorization code is bound to.

    :ivar details: authorization details granted (RFC 9396 §6).
    :ivar authorisation: proof of the resident's approval, sealed under the code; b"" where there is none.
    :ivar approved: whether the resident approved one of the details by itself.
    :ivar until: when the access token ends at the latest, or None.
    """

    grant_id: str
    client_id: str
    redirect_uri: str
    code_challenge: str | None
    nonce: str | None
    details: tuple[Detail, ...] = field(default=(), repr=False)
    authorisation: bytes = field(default=b"", repr=False)
    approved: bool = False
    until: Instant | None = None

    def opened(self, code: str) -> str | None:
        """The proof of the approval, for who presents the code."""
        return open_sealed(code, self.authorisation) if self.authorisation else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTerms:
    """What a refresh token is bound to, and the scopes it may give."""

    grant_id: str
    client_id: str
    scopes: tuple[str, ...]
    details: tuple[Detail, ...] = field(default=(), repr=False)


def new_code_record(
    code: str,
    grant: Grant,
    request: AuthorizationRequest,
    now: Instant,
    lifetime: timedelta,
    *,
    details: tuple[Detail, ...] = (),
    approved: Approved | None = None,
    nonce: bytes = b"",
) -> SingleUseRecord:
    """The record of a new authorization code (RFC 6749 §4.1.2).

    :param details: authorization details granted with it.
    :param approved: what the resident approved with it.
    :param nonce: 12 random bytes, for sealing.
    """
    sealed, until = b"", None
    if approved is not None:
        until = approved.expires_at
        if approved.authorisation is not None:
            sealed = seal(code, approved.authorisation.reveal(), nonce)
    terms: dict[str, Any] = {
        "grant": grant.id,
        "client": grant.client_id,
        "redirect_uri": request.reply_to.redirect_uri,
        "challenge": request.code_challenge,
        "nonce": request.nonce,
        "details": [dict(one) for one in details],
        "authorisation": base64url.encode(sealed),
        "approved": approved is not None,
        "until": None if until is None else epoch_seconds(until),
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
        # Missing in what an older release kept.
        details=tuple(terms.get("details", ())),
        authorisation=base64url.decode(terms.get("authorisation", "")),
        approved=terms.get("approved", False),
        until=None if terms.get("until") is None else from_epoch_seconds(terms["until"]),
    )


def new_refresh_record(
    token: str,
    grant: Grant,
    scopes: tuple[str, ...],
    now: Instant,
    idle: timedelta,
    details: tuple[Detail, ...] = (),
) -> SingleUseRecord:
    """The record of a new refresh token; it dies with its grant at the latest."""
    terms = {
        "grant": grant.id,
        "client": grant.client_id,
        "scopes": list(scopes),
        "details": [dict(one) for one in details],
    }
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
        grant_id=terms["grant"],
        client_id=terms["client"],
        scopes=tuple(terms["scopes"]),
        details=tuple(terms.get("details", ())),
    )
