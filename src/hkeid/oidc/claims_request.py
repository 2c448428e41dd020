"""The ``claims`` parameter (OpenID Connect Core §5.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.oidc.errors import OAuthError, invalid_request
from hkeid.oidc.verified_claims import (
    VERIFIED_CLAIMS,
    VerifiedClaimsRequest,
    parse_verified_claims,
)

_MOST_CLAIMS = 64


@dataclass(frozen=True, slots=True)
class WantedClaim:
    """How one claim is asked for (§5.5.1).

    :ivar values: acceptable values, best first; empty when any will do.
    """

    essential: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """Individually requested claims by place of delivery, under their wire names.

    :ivar verified_id_token: verified claims wanted in the ID token (Identity Assurance §5.2).
    :ivar verified_userinfo: those wanted from UserInfo.
    """

    id_token: Mapping[str, WantedClaim] = field(default_factory=dict)
    userinfo: Mapping[str, WantedClaim] = field(default_factory=dict)
    verified_id_token: tuple[VerifiedClaimsRequest, ...] = ()
    verified_userinfo: tuple[VerifiedClaimsRequest, ...] = ()


NO_CLAIMS = ClaimsRequest()


@lru_cache(maxsize=256)
def parse_claims(text: str) -> ClaimsRequest:
    """Parse the parameter. Members that are not understood are ignored (§5.5).

    :raises OAuthError: ``invalid_request``, reasons ``claims_malformed``, ``verified_claims_malformed``.
    """
    try:
        value = canonical_json.loads_object(text)
    except MalformedInput:
        raise _malformed("not a JSON object") from None
    id_token, userinfo = value.get("id_token"), value.get("userinfo")
    return ClaimsRequest(
        _place(id_token, "id_token"),
        _place(userinfo, "userinfo"),
        _verified(id_token),
        _verified(userinfo),
    )


def base_name(name: str) -> str:
    """A claim's name without its language tag (§5.2): ``name#zh-Hant-HK`` → ``name``."""
    return name.partition("#")[0]


def _place(value: Any, place: str) -> Mapping[str, WantedClaim]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > _MOST_CLAIMS:
        raise _malformed(f"{place} is not an object, or too large")
    return {name: _wanted(member) for name, member in value.items() if name != VERIFIED_CLAIMS}


def _verified(place: Any) -> tuple[VerifiedClaimsRequest, ...]:
    """The verified claims wanted in a place that :func:`_place` has looked at."""
    if not place or VERIFIED_CLAIMS not in place:
        return ()
    return parse_verified_claims(place[VERIFIED_CLAIMS])


def _wanted(member: Any) -> WantedClaim:
    if member is None:
        return WantedClaim()
    if not isinstance(member, dict):
        raise _malformed("a claim is neither null nor an object")
    essential = member.get("essential", False)
    if not isinstance(essential, bool):
        raise _malformed("essential is not a boolean")
    values = member.get("values", ())
    if not isinstance(values, (list, tuple)):
        raise _malformed("values is not an array")
    wanted = [*values, *([member["value"]] if "value" in member else [])]
    # Only ASCII text can equal a claim of ours (acr, sub: Core §2); other values make the claim
    # unsatisfiable, which an empty tuple would turn into "anything goes". They are not kept either:
    # JSON can spell half a surrogate pair, which no store takes.
    return WantedClaim(essential, tuple(one if _may_match(one) else "\x00" for one in wanted))


def _may_match(value: Any) -> bool:
    return isinstance(value, str) and value.isascii()


def _malformed(detail: str) -> OAuthError:
    return invalid_request(
        "claims_malformed", "The parameter 'claims' is malformed.", detail=detail
    )
