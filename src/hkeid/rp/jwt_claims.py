"""What ID tokens and logout tokens have in common: who issued them for whom, and dates.

Whoever calls says how a broken rule is told: the rules are the same, their errors are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

Refusal = Callable[[str], Exception]
"""The error for a rule that is broken, from the rule's short name."""


def check_parties(claims: Mapping[str, Any], issuer: str, client_id: str, refuse: Refusal) -> None:
    """OpenID Connect Core §3.1.3.7, steps 2 and 3: ``iss`` is exactly the issuer that was discovered; ``aud``
    holds our client_id and no audience that we do not trust (we trust no other).

    :raises Exception: what ``refuse`` makes of ``issuer_mismatch``, ``audience_mismatch``,
        ``audience_untrusted``.
    """
    if claims.get("iss") != issuer:
        raise refuse("issuer_mismatch")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise refuse("audience_mismatch")
    if any(other != client_id for other in audiences):
        raise refuse("audience_untrusted")


def is_numeric_date(value: object) -> TypeGuard[int | float]:
    """Whether this is a date of this age (RFC 7519 §2, NumericDate): a positive number of seconds."""
    return not isinstance(value, bool) and isinstance(value, int | float) and 0 < value < 2**40
