"""``private_key_jwt``: a client's signed assertion (RFC 7523 §3, OpenID Connect Core §9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hkeid.jose import check_times, numeric_date, verify_jwt
from hkeid.jose.errors import JoseRefused
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = frozenset({"ES256", "PS256", "RS256", "EdDSA", "Ed25519"})
TYPES = frozenset({None, "jwt", "client-authentication+jwt"})
_LONGEST_JTI = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAssertion:
    """A verified assertion. ``jti`` must still be used up, once, until ``expires_at``."""

    client_id: str
    jti: str
    expires_at: Instant


def claimed_client(assertion: str) -> str:
    """Whom an assertion claims to come from (``sub``); nothing of it is verified yet.

    :raises JoseRefused: ``jws_malformed``, ``assertion_subject_missing``.
    """
    try:
        claims = canonical_json.loads_object(base64url.decode(assertion.split(".")[1]))
    except (IndexError, MalformedInput):
        raise JoseRefused("jws_malformed") from None
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise JoseRefused("assertion_subject_missing")
    return subject


def verify_assertion(
    assertion: str,
    *,
    client_id: str,
    keys: Iterable[Mapping[str, Any]],
    audiences: Collection[str],
    now: Instant,
    longest: timedelta = timedelta(minutes=5),
    leeway: timedelta = timedelta(seconds=10),
) -> ClientAssertion:
    """Check an assertion of ``client_id``.

    :param audiences: accepted values of ``aud``, which must be one string: an array would let an
        assertion that was made for somebody else pass here (RFC 7523bis §3).
    :param longest: how far ahead ``exp`` may lie, and how far back ``iat``.
    :raises JoseRefused: the reasons of :func:`hkeid.jose.verify_jwt` and
        :func:`hkeid.jose.check_times`, and ``assertion_issuer``, ``assertion_subject``,
        ``assertion_audience``, ``assertion_too_long_lived``, ``assertion_too_old``,
        ``assertion_jti``.
    """
    claims = verify_jwt(assertion, keys, algorithms=ALGORITHMS, typ=TYPES).claims
    if claims.get("iss") != client_id:
        raise JoseRefused("assertion_issuer")
    if claims.get("sub") != client_id:
        raise JoseRefused("assertion_subject")
    audience = claims.get("aud")
    if not isinstance(audience, str) or audience not in audiences:
        raise JoseRefused("assertion_audience")
    seconds = int(leeway.total_seconds())
    check_times(claims, now=now, leeway_seconds=seconds, require=("exp",))
    expires_at = numeric_date(claims, "exp")
    if expires_at > epoch_seconds(now + longest) + seconds:
        raise JoseRefused("assertion_too_long_lived")
    if "iat" in claims and numeric_date(claims, "iat") < epoch_seconds(now - longest) - seconds:
        raise JoseRefused("assertion_too_old")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
        raise JoseRefused("assertion_jti")
    return ClientAssertion(
        client_id=client_id, jti=jti, expires_at=from_epoch_seconds(expires_at) + leeway
    )
