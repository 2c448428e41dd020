"""``id_token_hint``: an ID token of ours that comes back (OpenID Connect Core §3.1.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.jose import JoseRefused, verify_jwt
from hkeid.kernel.errors import Refused
from hkeid.op.parts import Parts
from hkeid.ports.keys import KeyPurpose

_ALGORITHMS = frozenset({"ES256", "RS256", "Ed25519", "EdDSA"})
_TYPES = frozenset({None, "jwt"})


class HintRefused(Refused):
    """A hint that is not one of our ID tokens for this client.

    Reasons: those of :class:`~hkeid.jose.JoseRefused`, ``hint_issuer``, ``hint_audience``,
    ``hint_malformed``.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Who the hint speaks of. The token may have expired; it proves nothing but origin."""

    client_id: str
    subject: str
    session: str | None


def read_hint(token: str, parts: Parts, *, client_id: str | None) -> Hint:
    """Check signature, issuer and audience of a hint; its ``exp`` does not matter.

    :param client_id: the client for which the token must have been issued; None: any.
    :raises HintRefused: see there.
    """
    keys = [key.public_jwk for key in parts.keys.signing_keys(KeyPurpose.TOKEN_SIGNING)]
    try:
        claims = verify_jwt(token, keys, algorithms=_ALGORITHMS, typ=_TYPES).claims
    except JoseRefused as error:
        raise HintRefused(error.reason, detail=error.detail) from None
    if claims.get("iss") != parts.issuer:
        raise HintRefused("hint_issuer")
    audience, subject, session = claims.get("aud"), claims.get("sub"), claims.get("sid")
    if not isinstance(audience, str) or (client_id is not None and audience != client_id):
        raise HintRefused("hint_audience")
    if not isinstance(subject, str) or not isinstance(session, str | None) or "iat" not in claims:
        raise HintRefused("hint_malformed")
    return Hint(client_id=audience, subject=subject, session=session)
