"""Our keys at upstream providers: they stay in the key store, which signs (law 6)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hkeid.jose import active_key, sign_jwt
from hkeid.kernel import base64url
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.rp.client_key import assertion_claims

ALGORITHM = "ES256"


class KeyStoreAssertionKey:
    """``private_key_jwt`` under the active key of :attr:`KeyPurpose.UPSTREAM_CLIENT`; what upstreams register
    is :func:`hkeid.jose.public_jwks` of that purpose, so that rotation goes on without them.
    """

    algorithm = ALGORITHM

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def assertion(self, client_id: str, audience: str, *, jti: str, now: Instant) -> str:
        """A client assertion for one request (RFC 7523 §3, OpenID Connect Core §9).

        :raises hkeid.kernel.errors.ConfigurationError: ``signing_key_missing``.
        """
        claims = assertion_claims(client_id, audience, jti=jti, now=now)
        return sign_jwt(
            self._keys, KeyPurpose.UPSTREAM_CLIENT, claims, algorithm=ALGORITHM, typ="JWT"
        )


class ProofKey:
    """Signs proofs of possession (RFC 9449 §4.2) under the active key of
    :attr:`KeyPurpose.UPSTREAM_DPOP`.

    One object stands for one key: a rotation in the middle of a login does not part token and proof.

    :raises hkeid.kernel.errors.ConfigurationError: ``signing_key_missing``.
    """

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._key = active_key(keys, KeyPurpose.UPSTREAM_DPOP, ALGORITHM)
        members = ("kty", "crv", "x", "y")
        self._jwk = {name: self._key.public_jwk[name] for name in members}

    def proof(self, claims: Mapping[str, Any]) -> str:
        """A JWS with the public key in its header (§4.2: ``typ``, ``alg``, ``jwk``).

        :raises hkeid.kernel.errors.Refused: ``key_not_active``: rotated meanwhile; the login begins anew.
        """
        header = {"typ": "dpop+jwt", "alg": ALGORITHM, "jwk": self._jwk}
        parts = (base64url.encode(_json(part)) for part in (header, claims))
        message = ".".join(parts)
        signature = self._keys.sign(KeyPurpose.UPSTREAM_DPOP, self._key.kid, message.encode())
        return f"{message}.{base64url.encode(signature)}"


def _json(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()
