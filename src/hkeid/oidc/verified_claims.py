"""Requests for verified claims (OpenID Connect for Identity Assurance 1.0, "IDA").

A ``verified_claims`` member of the ``claims`` parameter names claims, and says what the verification
behind them must be like and how much of it shall be told. What may stand in ``verification`` is a fixed
vocabulary (OpenID Identity Assurance Schema Definition 1.0, "the Schema"); what stands there besides is
ignored, unless it is a restriction: that "shall not" be ignored (IDA §5.5.1), and nobody can fulfil it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from hkeid.kernel import canonical_json
from hkeid.oidc.errors import OAuthError, invalid_request

VERIFIED_CLAIMS: Final = "verified_claims"
"""The member's name, in requests and in answers (IDA §5.1)."""

MOST_REQUESTS: Final = 8
"""Objects in one ``verified_claims`` array."""

_MOST_ENTRIES = 16
_MOST_CLAIMS = 64
_MOST_VALUES = 32
_LONGEST = 300
_OLDEST = 10**11
_RESTRICTIONS = frozenset({"value", "values", "max_age"})
_NAME = re.compile(r"[\x21-\x7E]{1,100}\Z")


class Leaf(Enum):
    """What an element without members holds.

    ``HIDDEN`` are elements that we never hold, and whose values may be somebody's data (a document's
    number): restrictions on them cannot be met, and are not kept.
    """

    TEXT = "text"
    DATE = "date"
    WHOLE = "whole"
    HIDDEN = "hidden"


Shape = Leaf | Mapping[str, Any] | tuple[Mapping[str, Any]]
"""A leaf; an object by its members; an array, as a tuple of the shape of its entries."""

_SOURCE = {
    "name": Leaf.TEXT,
    "country": Leaf.TEXT,
    "country_code": Leaf.TEXT,
    "jurisdiction": Leaf.TEXT,
}
_CHECKS = (
    {
        "check_method": Leaf.TEXT,
        "organization": Leaf.TEXT,
        "time": Leaf.DATE,
        "check_id": Leaf.HIDDEN,
    },
)
EVIDENCE: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "type": Leaf.TEXT,
        "method": Leaf.TEXT,
        "time": Leaf.DATE,
        "check_details": _CHECKS,
        "document_details": {
            "type": Leaf.TEXT,
            "document_number": Leaf.HIDDEN,
            "serial_number": Leaf.HIDDEN,
            "date_of_issuance": Leaf.HIDDEN,
            "date_of_expiry": Leaf.HIDDEN,
            "issuer": _SOURCE,
        },
        "record": {
            "type": Leaf.TEXT,
            "created_at": Leaf.HIDDEN,
            "date_of_expiry": Leaf.HIDDEN,
            "source": _SOURCE,
        },
    }
)
"""An entry of ``evidence`` (the Schema §5.4.4)."""

VERIFICATION: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "trust_framework": Leaf.TEXT,
        "assurance_level": Leaf.TEXT,
        "assurance_process": {
            "policy": Leaf.TEXT,
            "procedure": Leaf.TEXT,
            # IDA §5.4: returned "along with all sub-elements that it has", and no filter.
            "assurance_details": Leaf.WHOLE,
        },
        "time": Leaf.DATE,
        "verification_process": Leaf.HIDDEN,
        "evidence": (EVIDENCE,),
    }
)
"""The ``verification`` element (the Schema §5.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedClaimsRequest:
    """One ``verified_claims`` object of a request, checked.

    :ivar verification: wishes by element: null (the element as it is), or restrictions, or wishes about
        its members; only what :data:`VERIFICATION` knows.
    :ivar claims: acceptable values by the claim's wire name, each as canonical JSON text or a digest of
        it; None: any value will do.
    :ivar satisfiable: False where something is restricted that nobody here knows.
    """

    verification: Mapping[str, Any]
    claims: Mapping[str, tuple[str, ...] | None] = field(repr=False)
    satisfiable: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Wire names of the claims asked for."""
        return tuple(self.claims)


def parse_verified_claims(value: Any) -> tuple[VerifiedClaimsRequest, ...]:
    """Parse a ``verified_claims`` member: an object, or an array of objects (IDA §5.3, §5.6).

    :raises OAuthError: ``invalid_request``, reason ``verified_claims_malformed``.
    """
    if isinstance(value, list):
        if not 0 < len(value) <= MOST_REQUESTS:
            raise _malformed("an array of no or too many objects")
        return tuple(_request(one) for one in value)
    return (_request(value),)


def _request(value: Any) -> VerifiedClaimsRequest:
    if not isinstance(value, dict):
        raise _malformed("not an object")
    if not {"verification", "claims"} <= set(value):
        raise _malformed("verification and claims are both needed")
    verification = value["verification"]
    if not isinstance(verification, dict) or "trust_framework" not in verification:
        raise _malformed("verification.trust_framework is needed")
    wishes = _Wishes()
    tree = wishes.members(verification, VERIFICATION, "verification")
    claims = _claims(value["claims"])
    return VerifiedClaimsRequest(verification=tree, claims=claims, satisfiable=not wishes.unmet)


def _claims(value: Any) -> dict[str, tuple[str, ...] | None]:
    """IDA §5.3: each null, or an object with ``essential``, ``value`` or ``values``; none at all where only
    the verification is of interest (the Schema §5.3).
    """
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > _MOST_CLAIMS:
        raise _malformed("claims is no object, or too large")
    found: dict[str, tuple[str, ...] | None] = {}
    for name, wish in value.items():
        if not _NAME.match(name):
            continue  # no claim of ours (IDA §5.7.2)
        found[name] = _acceptable(wish, f"claims.{name}")
    return found


def _acceptable(wish: Any, place: str) -> tuple[str, ...] | None:
    if wish is None:
        return None
    if not isinstance(wish, dict):
        raise _malformed(f"{place} is neither null nor an object")
    _check_common(wish, place)
    if "max_age" in wish:
        raise _malformed(f"{place}.max_age: no date or timestamp")
    if not _RESTRICTIONS & set(wish):
        return None
    return tuple(_canonical(one, place) for one in _values(wish, place))


def _canonical(value: Any, place: str) -> str:
    try:
        # JSON can spell half a surrogate pair, which no store takes.
        text = canonical_json.dumps(value).decode()
    except (ValueError, RecursionError):
        raise _malformed(f"{place}: a value that is not text") from None
    if len(text) > _LONGEST:
        raise _malformed(f"{place}: a value that is too long")
    return text


def _values(wish: Mapping[str, Any], place: str) -> list[Any]:
    """The acceptable values; ``value`` and ``values`` together are not defined (Core §5.5.1)."""
    if "value" in wish and "values" in wish:
        raise _malformed(f"{place} has value and values")
    if "value" in wish:
        return [wish["value"]]
    values = wish.get("values")
    if not isinstance(values, list) or not 0 < len(values) <= _MOST_VALUES:
        raise _malformed(f"{place}.values is no array, or empty, or too long")
    return values


def _check_common(wish: Mapping[str, Any], place: str) -> None:
    if not isinstance(wish.get("essential", False), bool):
        raise _malformed(f"{place}.essential is not a boolean")
    purpose = wish.get("purpose")
    # In the Schema's request syntax, and nowhere in IDA: its form is checked, and it is not shown. What a
    # resident reads is what the client registered.
    if purpose is not None and not (isinstance(purpose, str) and 3 <= len(purpose) <= _LONGEST):
        raise _malformed(f"{place}.purpose is not a text of 3 to {_LONGEST} characters")


class _Wishes:
    """Walks one ``verification`` along the vocabulary.

    :ivar unmet: something is restricted that we never hold.
    """

    def __init__(self) -> None:
        self.unmet = False

    def members(self, value: Any, shape: Mapping[str, Any], place: str) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > _MOST_CLAIMS:
            raise _malformed(f"{place} is no object, or too large")
        found = {}
        for name, wish in value.items():
            if name not in shape:
                self.unmet = self.unmet or _restricts(wish)
                continue
            parsed = self._element(wish, shape[name], f"{place}.{name}")
            if shape[name] is not Leaf.HIDDEN:
                found[name] = parsed
        return found

    def _element(self, wish: Any, shape: Shape, place: str) -> Any:
        if place == "verification.evidence":
            return self._evidence(wish, place)
        if wish is None or shape is Leaf.WHOLE:
            return None
        if isinstance(shape, Leaf):
            return self._leaf(wish, shape, place)
        if isinstance(shape, tuple):
            return [self.members(one, shape[0], place) for one in _entries(wish, place)]
        return self.members(wish, shape, place)

    def _evidence(self, wish: Any, place: str) -> list[dict[str, Any]]:
        """IDA §5.4: every entry names its ``type`` by ``value``; ``values`` "shall not be used"."""
        found = []
        for one in _entries(wish, place):
            kind = one.get("type") if isinstance(one, dict) else None
            if not isinstance(kind, dict) or "value" not in kind or "values" in kind:
                raise _malformed(f"{place}.type needs a value")
            found.append(self.members(one, EVIDENCE, place))
        return found

    def _leaf(self, wish: Any, shape: Leaf, place: str) -> dict[str, Any] | None:
        if not isinstance(wish, dict):
            raise _malformed(f"{place} is neither null nor an object")
        _check_common(wish, place)
        found: dict[str, Any] = {}
        if "max_age" in wish:
            found["max_age"] = _max_age(wish["max_age"], shape, place)
        if {"value", "values"} & set(wish):
            found["values"] = [_text(one, place) for one in _values(wish, place)]
        if found and shape is Leaf.HIDDEN:
            self.unmet = True
        return found or None


def _entries(wish: Any, place: str) -> list[Any]:
    if not isinstance(wish, list) or not 0 < len(wish) <= _MOST_ENTRIES:
        raise _malformed(f"{place} is no array, or empty, or too long")
    return wish


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise _malformed(f"{place}: a value that is no text, or too long")
    _canonical(value[:_LONGEST], place)
    return value


def _max_age(value: Any, shape: Leaf, place: str) -> int:
    """IDA §5.5.2: a number of seconds, "only applicable to claims that contain dates or timestamps"."""
    if shape is Leaf.TEXT:
        raise _malformed(f"{place}.max_age: no date or timestamp")
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise _malformed(f"{place}.max_age is no number of seconds")
    return int(min(value, _OLDEST))


def _restricts(wish: Any) -> bool:
    """Whether there is a restriction anywhere in an element that is not known."""
    waiting = [wish]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if _RESTRICTIONS & set(one):
                return True
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return False


def _malformed(detail: str) -> OAuthError:
    return invalid_request(
        "verified_claims_malformed",
        "The member 'verified_claims' of the parameter 'claims' is malformed.",
        detail=detail[:200],
    )
