"""Logout tokens (OpenID Connect Back-Channel Logout §2.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hkeid.doors.logout.records import LogoutNotice
from hkeid.doors.subjects import session_identifier
from hkeid.jose import sign_jwt
from hkeid.kernel.instants import Instant, epoch_seconds
from hkeid.oidc.logout import LOGOUT_EVENT, LOGOUT_TOKEN_TYPE
from hkeid.op.records import Client
from hkeid.ports.keys import KeyPurpose, KeyStore


def logout_token(
    keys: KeyStore,
    issuer: str,
    client: Client,
    notice: LogoutNotice,
    *,
    jti: str,
    now: Instant,
    lifetime: timedelta,
) -> str:
    """The token that tells a client of a logout, signed as its ID tokens are (§2.4).

    It holds ``sub`` and ``sid`` as the client's ID tokens did, and never a ``nonce``: nobody can use it as
    an ID token.

    :param lifetime: §2.4 recommends two minutes at most.
    """
    issued_at = epoch_seconds(now)
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": client.id,
        "iat": issued_at,
        "exp": issued_at + int(lifetime.total_seconds()),
        "jti": jti,
        "sub": notice.subject,
        "sid": session_identifier(keys, client.id, notice.session_id),
        "events": {LOGOUT_EVENT: {}},
    }
    return sign_jwt(
        keys,
        KeyPurpose.TOKEN_SIGNING,
        claims,
        algorithm=client.id_token_signed_response_alg,
        typ=LOGOUT_TOKEN_TYPE,
    )
