"""Authorization codes and refresh tokens as single-use records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hkeid.doors.sealing import open_members, seal_members
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.authorization_details import Detail
from hkeid.op.authorization.request import AuthorizationRequest
from hkeid.op.interactions import Approved
from hkeid.op.records import Grant
from hkeid.ports.storage import SingleUseRecord

CODE_KIND = "authorization_code"
REFRESH_KIND = "refresh_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTerms:
    """What an authorization code is bound to.

    :ivar sealed: authorization details (RFC 9396 §6) and the proof of an approval, for who presents the
        code; "" where there are none.
    :ivar approved: whether the resident approved one of the details by itself, for one access token.
    :ivar until: when the access token ends at the latest, or None.
    """

    grant_id: str
    client_id: str
    redirect_uri: str
    code_challenge: str | None
    nonce: str | None
    sealed: str = field(default="", repr=False)
    approved: bool = False
    until: Instant | None = None

    def opened(self, code: str) -> tuple[tuple[Detail, ...], str | None]:
        """Authorization details granted, and the proof of the resident's approval or None."""
        members = open_members(code, self.sealed)
        return tuple(members.get("details", ())), members.get("authorisation")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTerms:
    """What a refresh token is bound to, and the scopes it may give."""

    grant_id: str
    client_id: str
    scopes: tuple[str, ...]
    sealed: str = field(default="", repr=False)

    def opened(self, token: str) -> tuple[Detail, ...]:
        """Authorization details granted, for who presents the token."""
        return tuple(open_members(token, self.sealed).get("details", ()))


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
    sealed, until = "", None
    if details:
        proof = None if approved is None else approved.authorisation
        members = {
            "details": [dict(one) for one in details],
            "authorisation": None if proof is None else proof.reveal(),
        }
        sealed = seal_members(code, members, nonce)
    if approved is not None:
        until = approved.expires_at
    terms: dict[str, Any] = {
        "grant": grant.id,
        "client": grant.client_id,
        "redirect_uri": request.reply_to.redirect_uri,
        "challenge": request.code_challenge,
        "nonce": request.nonce,
        "sealed": sealed,
        "approved": approved is not None and not approved.lasting,
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
        sealed=terms.get("sealed", ""),
        approved=terms.get("approved", False),
        until=None if terms.get("until") is None else from_epoch_seconds(terms["until"]),
    )


def new_refresh_record(
    token: str,
    grant: Grant,
    scopes: tuple[str, ...],
    now: Instant,
    idle: timedelta,
    *,
    details: tuple[Detail, ...] = (),
    nonce: bytes = b"",
) -> SingleUseRecord:
    """The record of a new refresh token; it dies with its grant at the latest.

    :param details: authorization details that it may give; ``nonce`` then 12 random bytes.
    """
    members = {"details": [dict(one) for one in details]}
    terms = {
        "grant": grant.id,
        "client": grant.client_id,
        "scopes": list(scopes),
        "sealed": seal_members(token, members, nonce) if details else "",
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
        # Missing in what an older release kept.
        sealed=terms.get("sealed", ""),
    )
