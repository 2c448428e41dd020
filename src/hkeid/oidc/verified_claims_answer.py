"""Answers to requests for verified claims: what fulfils a request, and how much of it was asked for.

OpenID Connect for Identity Assurance 1.0 ("IDA"): only what was requested is told (§5.4, §7); what does
not match a restriction on the verification takes the whole ``verified_claims`` with it, one on a claim only
that claim (§5.7.4); neither is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant
from hkeid.oidc.verified_claims import (
    EVIDENCE,
    VERIFICATION,
    Leaf,
    Shape,
    VerifiedClaimsRequest,
)

Digest = Callable[[str], str]
"""What stands for a value's canonical JSON text in a request that is kept."""

_DETAILS, _RECORD = EVIDENCE["document_details"], EVIDENCE["record"]
_CHECK = EVIDENCE["check_details"][0]
_NEEDED = (
    (VERIFICATION, "trust_framework"),
    (EVIDENCE, "type"),
    (_CHECK, "check_method"),
    (_DETAILS, "type"),
    (_RECORD, "type"),
)
"""Elements that are Required where their parent is there (the Schema §5.4): told with it, asked for or not."""

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?\Z",
    re.ASCII,
)


class _UnmetError(Exception):
    """A restriction is not met."""


def with_digests(request: VerifiedClaimsRequest, digest: Digest) -> VerifiedClaimsRequest:
    """The same request with digests of the acceptable values of claims, which may be somebody's data."""
    return VerifiedClaimsRequest(
        verification=request.verification,
        claims={
            name: None if values is None else tuple(map(digest, values))
            for name, values in request.claims.items()
        },
        satisfiable=request.satisfiable,
    )


def as_text(request: VerifiedClaimsRequest) -> str:
    """One text for one request, to be kept; :func:`from_text` is the inverse."""
    claims = {
        name: None if values is None else {"values": list(values)}
        for name, values in request.claims.items()
    }
    kept = {"verification": dict(request.verification), "claims": claims}
    return canonical_json.dumps(kept).decode()


def from_text(text: str) -> VerifiedClaimsRequest:
    """The inverse of :func:`as_text`, of what this program kept."""
    kept = canonical_json.loads_object(text)
    return VerifiedClaimsRequest(
        verification=kept["verification"],
        claims={
            name: None if wish is None else tuple(wish["values"])
            for name, wish in kept["claims"].items()
        },
    )


def answer(
    request: VerifiedClaimsRequest,
    verification: Mapping[str, Any],
    claims: Mapping[str, Any],
    now: Instant,
    digest: Digest = str,
) -> dict[str, Any] | None:
    """The ``verified_claims`` object that answers ``request``, or None: it is left out.

    :param verification: everything there is to tell, in the form of the Schema §5.4.
    :param claims: the claims that may be told, by wire name. One that was not asked for is left out.
    :param digest: as in :func:`with_digests`, where the request went through that.
    """
    if not request.satisfiable:
        return None
    try:
        told = _members(request.verification, verification, VERIFICATION, now)
    except _UnmetError:
        return None
    chosen = {name: one for name, one in claims.items() if _asked(request, name, one, digest)}
    if request.claims and not chosen:
        # How somebody was verified is of no use, and nobody's business, without what was verified.
        return None
    return {"verification": told, "claims": chosen}


def _asked(request: VerifiedClaimsRequest, name: str, value: Any, digest: Digest) -> bool:
    """Whether this form of a claim was asked for and is acceptable. Tags differ in case alone (Core §5.2)."""
    wishes = {wire.casefold(): values for wire, values in request.claims.items()}
    for wire in (name.casefold(), name.partition("#")[0].casefold()):
        if wire in wishes:
            values = wishes[wire]
            return values is None or digest(canonical_json.dumps(value).decode()) in values
    return False


def _members(
    wishes: Mapping[str, Any], held: Mapping[str, Any], shape: Mapping[str, Any], now: Instant
) -> dict[str, Any]:
    told = {name: held[name] for owner, name in _NEEDED if owner is shape and name in held}
    for name, wish in wishes.items():
        if name not in held:
            if _restricts(wish):
                raise _UnmetError
            continue
        found = _element(wish, held[name], shape[name], now)
        if found not in ({}, []):
            told[name] = found
    return told


def _element(wish: Any, held: Any, shape: Shape, now: Instant) -> Any:
    if wish is None:
        return held
    if isinstance(shape, Leaf):
        _require(wish, held, now)
        return held
    if isinstance(shape, tuple):
        return _entries(wish, held, shape[0], now)
    return _members(wish, held, shape, now)


def _entries(
    wishes: list[Mapping[str, Any]],
    held: list[Mapping[str, Any]],
    shape: Mapping[str, Any],
    now: Instant,
) -> list[dict[str, Any]]:
    """IDA §5.4: each wish is a filter and a template; several are linked by a logical OR."""
    told = []
    for one in held:
        for wish in wishes:
            try:
                told.append(_members(wish, one, shape, now))
            except _UnmetError:
                continue
            break
    if not told and all(map(_restricts, wishes)):
        raise _UnmetError
    return told


def _require(wish: Mapping[str, Any], held: Any, now: Instant) -> None:
    if "values" in wish and held not in wish["values"]:
        raise _UnmetError
    if "max_age" in wish:
        last = last_second(held)
        if last is None or now - last > timedelta(seconds=wish["max_age"]):
            raise _UnmetError


def _restricts(wish: Any) -> bool:
    """Whether a checked wish has a restriction anywhere."""
    if isinstance(wish, list):
        return any(map(_restricts, wish))
    if not isinstance(wish, dict):
        return False
    return bool({"values", "max_age"} & set(wish)) or any(map(_restricts, wish.values()))


def last_second(text: Any) -> Instant | None:
    """The last valid second of a date or timestamp (IDA §5.5.2), or None where it is none.

    ``YYYY-MM-DD`` or ``YYYY-MM-DDThh:mm[:ss]TZD`` (the Schema §5.4).
    """
    found = _MOMENT.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day = (int(found[n]) for n in (1, 2, 3))
    try:
        if found[4] is None:
            return datetime(year, month, day, 23, 59, 59, tzinfo=UTC)
        second = 59 if found[6] is None else int(found[6])
        moment = datetime(year, month, day, int(found[4]), int(found[5]), second, tzinfo=UTC)
        return moment - _offset(found[7])
    except (ValueError, OverflowError):
        return None


def _offset(text: str) -> timedelta:
    if text == "Z":
        return timedelta(0)
    hours, minutes = int(text[1:3]), int(text[-2:])
    ahead = timedelta(hours=hours, minutes=minutes)
    timezone(ahead)  # raises where it is no offset
    return ahead if text[0] == "+" else -ahead
