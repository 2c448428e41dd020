"""Making tokens: opaque access tokens, ID tokens, sealed successors of refresh tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hkeid.jose import sign_jwt
from hkeid.kernel.instants import Instant, epoch_seconds
from hkeid.kernel.secret import secret_digest
from hkeid.oidc.hashes import at_hash
from hkeid.op.clients import KnownClient
from hkeid.op.parts import Parts
from hkeid.op.records import AccessToken, Grant
from hkeid.op.subjects import session_identifier
from hkeid.ports.keys import KeyPurpose

_NONCE_BYTES = 12
_SUCCESSOR = b"hkeid refresh token successor 1"


def new_access_token(
    token: str, grant: Grant, scopes: tuple[str, ...], now: Instant, parts: Parts
) -> AccessToken:
    """The record of a new access token; it dies with its grant at the latest."""
    return AccessToken(
        digest=secret_digest(token),
        grant_id=grant.id,
        client_id=grant.client_id,
        scopes=scopes,
        created_at=now,
        expires_at=min(now + parts.settings.access_token_lifetime, grant.expires_at),
    )


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


def seal_successor(presented: str, successor: str, nonce: bytes) -> bytes:
    """The successor of a refresh token, readable only with the token that it replaces.

    What stands in the store is then of no use to anybody who reads the store.
    """
    return nonce + AESGCM(_sealing_key(presented)).encrypt(nonce, successor.encode(), None)


def open_successor(presented: str, sealed: bytes) -> str | None:
    """The inverse of :func:`seal_successor`; None when it does not open."""
    nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(_sealing_key(presented)).decrypt(nonce, ciphertext, None).decode()
    except (InvalidTag, ValueError):
        return None


def _sealing_key(presented: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_SUCCESSOR)
    return derivation.derive(presented.encode("utf-8", "surrogatepass"))
