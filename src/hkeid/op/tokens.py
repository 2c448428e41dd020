"""Making tokens: opaque access tokens, what is kept beside them, ID tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hkeid.doors.sealing import open_members, seal_members
from hkeid.doors.subjects import session_identifier
from hkeid.jose import sign_jwt
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant, epoch_seconds
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.authorization_details import Detail
from hkeid.oidc.hashes import at_hash
from hkeid.op.clients import KnownClient
from hkeid.op.parts import Parts
from hkeid.op.records import AccessToken, Grant, ProviderTransaction
from hkeid.ports.keys import KeyPurpose
from hkeid.ports.storage import SingleUseRecord

DETAILS_KIND: Final = "access_token_details"


def new_access_token(
    token: str,
    grant: Grant,
    scopes: tuple[str, ...],
    now: Instant,
    parts: Parts,
    *,
    until: Instant | None = None,
) -> AccessToken:
    """The record of a new access token; it dies with its grant at the latest.

    :param until: an earlier end, or None.
    """
    return AccessToken(
        digest=secret_digest(token),
        grant_id=grant.id,
        client_id=grant.client_id,
        scopes=scopes,
        created_at=now,
        expires_at=min(
            now + parts.settings.access_token_lifetime,
            grant.expires_at,
            grant.expires_at if until is None else until,
        ),
    )


def keep_access_token(
    tx: ProviderTransaction,
    token: str,
    kept: AccessToken,
    details: tuple[Detail, ...],
    authorisation: str | None,
    parts: Parts,
) -> None:
    """Keep a new access token, and beside it what it is good for."""
    tx.access_tokens.add(kept)
    if details:
        tx.single_use.put(new_details_record(token, kept, details, authorisation, parts))


def new_details_record(
    token: str,
    kept: AccessToken,
    details: tuple[Detail, ...],
    authorisation: str | None,
    parts: Parts,
) -> SingleUseRecord:
    """What an access token is good for beside its scopes (RFC 9396 §7, §9), revoked with its grant.

    All of it is readable only with the token.

    :param authorisation: proof of the resident's approval, or None.
    """
    members = {
        "details": [dict(one) for one in details],
        "authorisation": authorisation,
    }
    payload = {"sealed": seal_members(token, members, parts.random.token_bytes(12))}
    return SingleUseRecord(
        kind=DETAILS_KIND,
        digest=kept.digest,
        family=kept.grant_id,
        payload=canonical_json.dumps(payload),
        created_at=kept.created_at,
        expires_at=kept.expires_at,
    )


def details_of(record: SingleUseRecord, token: str) -> tuple[tuple[Detail, ...], str | None]:
    """The inverse of :func:`new_details_record`."""
    members = open_members(token, canonical_json.loads_object(record.payload)["sealed"])
    return tuple(members["details"]), members["authorisation"]


def id_token(
    parts: Parts,
    known: KnownClient,
    grant: Grant,
    *,
    access_token: str,
    nonce: str | None,
    personal: Mapping[str, Any],
    now: Instant,
) -> str:
    """The ID token (OpenID Connect Core §2, §3.1.3.6).

    :param personal: claims that the resident lets the client have in the ID token.
    """
    algorithm = known.client.id_token_signed_response_alg
    issued_at = epoch_seconds(now)
    claims: dict[str, Any] = {
        **personal,
        "iss": parts.issuer,
        "sub": grant.subject,
        "aud": known.id,
        "exp": issued_at + int(parts.settings.id_token_lifetime.total_seconds()),
        "iat": issued_at,
        "auth_time": epoch_seconds(grant.authenticated_at),
        "acr": grant.acr.value,
        "amr": list(grant.amr),
        "at_hash": at_hash(access_token, algorithm),
        "sid": session_identifier(parts.keys, known.id, grant.session_id),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return sign_jwt(parts.keys, KeyPurpose.TOKEN_SIGNING, claims, algorithm=algorithm, typ="JWT")
