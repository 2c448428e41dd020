"""What an ID token must say before anybody is logged in: OpenID Connect Core §3.1.3.7, rule by rule.

The signature was verified before (:mod:`hkeid.jose`); these are the claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hkeid.kernel.instants import Instant, epoch_seconds
from hkeid.rp.errors import ProviderMisbehaved
from hkeid.rp.jwt_claims import check_parties, is_numeric_date
from hkeid.rp.records import reaches, same_text

LEEWAY = timedelta(seconds=60)
"""How far the provider's clock may be from ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What this relying party expects of an ID token.

    :ivar nonce: the nonce that was sent; None after a refresh (§12.2), where none is expected.
    :ivar not_before: when the login began; an older token answers another login. None after a refresh.
    :ivar subject: the only subject that will do, or None.
    :ivar again: the authentication must be newer than ``not_before`` (``prompt=login``).
    """

    issuer: str
    client_id: str
    nonce: str | None
    access_token: str = field(repr=False)
    not_before: Instant | None = None
    max_age: int | None = None
    again: bool = False
    acr: str | None = None
    subject: str | None = None


def check_id_token(
    claims: Mapping[str, Any], expected: Expected, now: Instant, *, algorithm: str
) -> None:
    """Let an ID token's claims pass, or say which rule they break.

    :param algorithm: of the verified signature.
    :raises ProviderMisbehaved: one reason per rule, all beginning with ``id_token_``.
    """
    for check in _CHECKS:
        check(claims, expected, now)
    _token_hash(claims, expected, algorithm)


def _refuse(reason: str, safe_text: str | None = None) -> ProviderMisbehaved:
    return ProviderMisbehaved(f"id_token_{reason}", safe_text)


def _parties(claims: Mapping[str, Any], expected: Expected, _now: Instant) -> None:
    """Steps 2 and 3."""
    check_parties(claims, expected.issuer, expected.client_id, _refuse)


def _authorized_party(claims: Mapping[str, Any], expected: Expected, _now: Instant) -> None:
    """Steps 4 and 5: where there is an ``azp``, it is us."""
    if "azp" in claims and claims["azp"] != expected.client_id:
        raise _refuse("azp_mismatch")


def _subject(claims: Mapping[str, Any], expected: Expected, _now: Instant) -> None:
    """§2: ``sub`` is there, at most 255 ASCII characters; §5.3.2 and step-up: the one expected."""
    sub = claims.get("sub")
    if not isinstance(sub, str) or not sub or len(sub) > 255 or not sub.isascii():
        raise _refuse("subject_malformed")
    if expected.subject is not None and sub != expected.subject:
        raise _refuse(
            "subject_changed",
            "You logged in as somebody else than before. Please log out first, then log in again.",
        )


def _times(claims: Mapping[str, Any], expected: Expected, now: Instant) -> None:
    """Steps 9 and 10 and RFC 7519 §4.1: ``exp`` ahead, ``nbf`` and ``iat`` behind us."""
    current, leeway = epoch_seconds(now), int(LEEWAY.total_seconds())
    if _seconds(claims, "exp", required=True) <= current - leeway:
        raise _refuse("expired")
    issued = _seconds(claims, "iat", required=True)
    if max(issued, _seconds(claims, "nbf")) > current + leeway:
        raise _refuse("from_the_future")
    if expected.not_before is not None and issued < epoch_seconds(expected.not_before) - leeway:
        raise _refuse("older_than_login")


def _nonce(claims: Mapping[str, Any], expected: Expected, _now: Instant) -> None:
    """Step 11: the nonce that this browser's login sent."""
    if expected.nonce is None:
        return
    nonce = claims.get("nonce")
    if nonce is None:
        raise _refuse("nonce_missing")
    if not isinstance(nonce, str) or not same_text(nonce, expected.nonce):
        raise _refuse("nonce_mismatch")


def _token_hash(claims: Mapping[str, Any], expected: Expected, algorithm: str) -> None:
    """§3.1.3.8: ``at_hash``, where given, belongs to the access token beside it."""
    if "at_hash" not in claims:
        return
    from hkeid.oidc.hashes import at_hash

    if claims["at_hash"] != at_hash(expected.access_token, algorithm):
        raise _refuse("at_hash_mismatch")


def _authentication_time(claims: Mapping[str, Any], expected: Expected, now: Instant) -> None:
    """Step 13: with ``max_age`` (or ``prompt=login``) the authentication is as young as was asked."""
    asked = expected.max_age is not None or expected.again
    if not asked and "auth_time" not in claims:
        return
    if asked and "auth_time" not in claims:
        raise _refuse("auth_time_missing")
    moment = _seconds(claims, "auth_time", required=True)
    current, leeway = epoch_seconds(now), int(LEEWAY.total_seconds())
    if moment > current + leeway:
        raise _refuse("auth_time_in_the_future")
    begun = current if expected.not_before is None else epoch_seconds(expected.not_before)
    if expected.max_age is not None and moment < begun - expected.max_age - leeway:
        raise _refuse("auth_time_too_old")
    if expected.again and moment < begun - leeway:
        raise _refuse("not_authenticated_again")


def _assurance(claims: Mapping[str, Any], expected: Expected, _now: Instant) -> None:
    """Step 12: at least the rung that was asked for (law 7: no silent downgrade)."""
    acr = claims.get("acr")
    if acr is not None and not isinstance(acr, str):
        raise _refuse("acr_malformed")
    if expected.acr is not None and not reaches(acr, expected.acr):
        raise _refuse(
            "acr_too_low", "This service needs a stronger eID login than the one you used."
        )


def _shapes(claims: Mapping[str, Any], _expected: Expected, _now: Instant) -> None:
    """§2: ``amr`` is a list of strings, ``sid`` a string (Session Management)."""
    amr = claims.get("amr", [])
    if not isinstance(amr, list) or not all(isinstance(word, str) for word in amr):
        raise _refuse("amr_malformed")
    if not isinstance(claims.get("sid", ""), str):
        raise _refuse("sid_malformed")


def _seconds(claims: Mapping[str, Any], name: str, *, required: bool = False) -> int:
    value = claims.get(name)
    if value is None and not required:
        return 0
    if not is_numeric_date(value):
        raise _refuse(f"{name}_malformed" if value is not None else f"{name}_missing")
    return int(value)


_CHECKS = (
    _parties,
    _authorized_party,
    _subject,
    _times,
    _nonce,
    _authentication_time,
    _assurance,
    _shapes,
)
