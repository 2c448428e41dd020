"""The server's side of proofs of possession (RFC 9449 §4.3), as far as a simulator needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from hkeid.jose import verify_jwt
from hkeid.jose.errors import JoseRefused
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import MalformedInput


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof whose signature holds."""

    thumbprint: str
    claims: Mapping[str, Any]


def read_proof(text: str, method: str, url: str, *, token: str | None = None) -> Proof | None:
    """Read a proof for one request; None: it is none, or one for something else."""
    try:
        header = canonical_json.loads_object(base64url.decode(text.partition(".")[0]))
        jwk = header["jwk"]
        claims = verify_jwt(text, [jwk], algorithms={"ES256"}, typ={"dpop+jwt"}).claims
    except (JoseRefused, MalformedInput, KeyError):
        return None
    fits = claims.get("htm") == method and claims.get("htu") == url and claims.get("jti")
    if token is not None:
        fits = fits and claims.get("ath") == base64url.encode(sha256(token.encode()).digest())
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    thumbprint = base64url.encode(sha256(canonical_json.dumps(members)).digest())
    return Proof(thumbprint, claims) if fits else None
