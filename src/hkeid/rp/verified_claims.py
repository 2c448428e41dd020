"""Verified claims as a relying party reads them (OpenID Connect for Identity Assurance 1.0).

What a service demands of a verification it says once, in a :class:`VerificationPolicy`: the provider is asked
for exactly that, and what comes back is held against it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.instants import Instant
from hkeid.rp.errors import ProviderMisbehaved

VERIFIED_CLAIMS: Final = "verified_claims"

_AHEAD = timedelta(days=1)
"""A verification is told by its day, and the provider's day may have begun before ours."""
_MOST = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedClaims:
    """Claims that somebody verified, and what is told of how (the Schema §5).

    :ivar trust_framework: under whose rules.
    :ivar assurance_level: within that framework, or None where it was not told.
    :ivar time: when the verification was completed (the last second it may mean), or None.
    :ivar claims: the claims, by wire name.
    :ivar verification: the whole ``verification`` element as it came.
    """

    trust_framework: str
    assurance_level: str | None = None
    time: Instant | None = None
    claims: Mapping[str, Any] = field(repr=False)
    verification: Mapping[str, Any] = field(repr=False)

    @property
    def evidence(self) -> tuple[Mapping[str, Any], ...]:
        """The evidence told, each with its ``type``."""
        return tuple(self.verification.get("evidence", ()))

    @property
    def check_methods(self) -> frozenset[str]:
        """Every ``check_method`` in the evidence told: ``vcrypt`` (chip), ``pvp`` (face, by an officer) …"""
        checks = [check for one in self.evidence for check in one.get("check_details", ())]
        return frozenset(check["check_method"] for check in checks)

    def claim(self, name: str, language: str | None = None) -> Any:
        """As :meth:`hkeid.rp.Resident.claim`, among these."""
        if language is not None and (tagged := f"{name}#{language}") in self.claims:
            return self.claims[tagged]
        return self.claims.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPolicy:
    """What a service demands of a verification.

    :ivar trust_frameworks: those it knows; verified claims under others are left out (the Schema §5.4).
    :ivar assurance_levels: those that will do; empty: any.
    :ivar max_age: how long ago it may have been; None: ever.
    :ivar evidence: types that have to be among the evidence.
    :ivar check_methods: each has to be among the checks of documents.
    """

    trust_frameworks: tuple[str, ...] = ("hk_eid",)
    assurance_levels: tuple[str, ...] = ()
    max_age: timedelta | None = None
    evidence: tuple[str, ...] = ()
    check_methods: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a policy that cannot be meant.

        :raises ConfigurationError: ``verification_policy_unusable``.
        """
        lists = (
            self.trust_frameworks,
            self.assurance_levels,
            self.evidence,
            self.check_methods,
        )
        if not self.trust_frameworks or any(isinstance(one, str) for one in lists):
            raise ConfigurationError("verification_policy_unusable", detail="lists of words")
        if self.max_age is not None and self.max_age < timedelta(0):
            raise ConfigurationError("verification_policy_unusable", detail="max_age")

    def request(self, claims: Iterable[str]) -> dict[str, Any]:
        """The ``verified_claims`` object that asks for ``claims`` under this policy, and for what is needed
        to hold the answer against it (Identity Assurance §5.3 to §5.5).
        """
        level = list(self.assurance_levels)
        age = self.max_age
        verification: dict[str, Any] = {
            "trust_framework": {"values": list(self.trust_frameworks)},
            "assurance_level": {"values": level} if level else None,
            "time": None if age is None else {"max_age": int(age.total_seconds())},
        }
        kinds = dict.fromkeys((*self.evidence, *(("document",) if self.check_methods else ())))
        if kinds:
            verification["evidence"] = [
                {"type": {"value": kind}, "check_details": [{"check_method": None, "time": None}]}
                for kind in kinds
            ]
        return {"verification": verification, "claims": dict.fromkeys(claims)}

    def objection(self, found: VerifiedClaims, now: Instant) -> str | None:
        """Why these will not do, as a word, or None: they do."""
        if found.trust_framework not in self.trust_frameworks:
            return "trust_framework"
        if self.assurance_levels and found.assurance_level not in self.assurance_levels:
            return "assurance_level"
        if found.time is not None and found.time > now + _AHEAD:
            return "time"
        if self.max_age is not None and (found.time is None or now - found.time > self.max_age):
            return "time"
        if not set(self.evidence) <= {one["type"] for one in found.evidence}:
            return "evidence"
        return None if set(self.check_methods) <= found.check_methods else "check_methods"


def read_verified_claims(value: Any) -> tuple[VerifiedClaims, ...]:
    """The ``verified_claims`` claim: an object, or an array of objects (the Schema §5.2).

    Elements that are not known are kept in ``verification`` and mean nothing here.

    :raises ProviderMisbehaved: ``verified_claims_malformed``.
    """
    objects = value if isinstance(value, list) else [value]
    if not 0 < len(objects) <= _MOST:
        raise _malformed("number")
    return tuple(_read(one) for one in objects)


def accepted(claims: Mapping[str, Any], policy: VerificationPolicy, now: Instant) -> dict[str, Any]:
    """``claims``, without those ``verified_claims`` that ``policy`` does not accept.

    :raises ProviderMisbehaved: ``verified_claims_malformed``.
    """
    if VERIFIED_CLAIMS not in claims:
        return dict(claims)
    value = claims[VERIFIED_CLAIMS]
    objects = value if isinstance(value, list) else [value]
    found = read_verified_claims(value)
    good = [
        one for one, read in zip(objects, found, strict=True) if policy.objection(read, now) is None
    ]
    others = {name: one for name, one in claims.items() if name != VERIFIED_CLAIMS}
    return {**others, VERIFIED_CLAIMS: good} if good else others


def _read(value: Any) -> VerifiedClaims:
    verification = _object(value, "verification")
    claims = _object(value, "claims")
    framework = _text(verification, "trust_framework")
    if framework is None:
        raise _malformed("trust_framework")
    _check_evidence(verification.get("evidence", []))
    return VerifiedClaims(
        trust_framework=framework,
        assurance_level=_text(verification, "assurance_level"),
        time=_time(verification),
        claims=claims,
        verification=verification,
    )


def _check_evidence(evidence: Any) -> None:
    """The Schema §5.4.4: every entry has its ``type``, every check its ``check_method``."""
    for one in _array(evidence, "evidence"):
        if not isinstance(one, dict) or _text(one, "type") is None:
            raise _malformed("evidence")
        for check in _array(one.get("check_details", []), "check_details"):
            if not isinstance(check, dict) or _text(check, "check_method") is None:
                raise _malformed("check_details")


def _time(verification: Mapping[str, Any]) -> Instant | None:
    if "time" not in verification:
        return None
    from hkeid.oidc.verified_claims_answer import last_second

    moment = last_second(verification["time"])
    if moment is None:
        raise _malformed("time")
    return moment


def _object(value: Any, name: str) -> Mapping[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise _malformed(name)
    return found


def _array(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise _malformed(name)
    return value


def _text(members: Mapping[str, Any], name: str) -> str | None:
    value = members.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise _malformed(name)
    return value


def _malformed(what: str) -> ProviderMisbehaved:
    return ProviderMisbehaved("verified_claims_malformed", detail=what)
