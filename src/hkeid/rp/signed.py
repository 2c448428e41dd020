"""Signed answers of the provider: the signature first, with the provider's keys and our allow-list."""

from __future__ import annotations

from typing import Any

from hkeid.rp.errors import ProviderMisbehaved
from hkeid.rp.provider import Provider


def verified_claims(
    token: str,
    provider: Provider,
    *,
    what: str,
    algorithms: frozenset[str],
    types: frozenset[str | None] | None = None,
) -> tuple[dict[str, Any], str]:
    """Verify a JWT's signature; returns its claims and the algorithm.

    A ``kid`` that we do not know is a reason to fetch the keys anew, once (the provider may have
    rotated them: OpenID Connect Core §10.1.1).

    :param what: begins the reason: ``id_token``, ``userinfo`` or ``logout_token``.
    :param algorithms: what the client registered; never taken from the token.
    :param types: accepted ``typ`` headers; none or ``JWT`` if not given.
    :raises ProviderMisbehaved: ``{what}_`` and the reason of :class:`hkeid.jose.errors.JoseRefused`
        without its ``jws_``: ``id_token_algorithm_not_allowed``, ``id_token_key_unknown``,
        ``id_token_signature_invalid`` …
    """
    from hkeid.jose.errors import JoseRefused
    from hkeid.jose.jwt import verify_jwt

    keys, accepted = provider.keys(), types or _TYPES
    try:
        try:
            verified = verify_jwt(token, keys, algorithms=algorithms, typ=accepted)
        except JoseRefused as refused:
            anew = provider.keys_anew() if refused.reason == "jws_key_unknown" else None
            if anew is None:
                raise
            verified = verify_jwt(token, anew, algorithms=algorithms, typ=accepted)
    except JoseRefused as refused:
        reason = refused.reason.removeprefix("jws_").removeprefix("jwt_")
        raise ProviderMisbehaved(f"{what}_{reason}", detail=refused.detail) from refused
    return verified.claims, str(verified.header["alg"])


_TYPES: frozenset[str | None] = frozenset({None, "JWT"})
