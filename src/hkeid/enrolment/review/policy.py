"""Which cases need four eyes, as data; and what each finding says, in one word for pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from hkeid.enrolment.proofing_policy import Aspect, Findings, ProofingPolicy
from hkeid.kernel.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A reason for a second officer: when an aspect has one of these values."""

    name: str
    aspect: Aspect
    values: frozenset[str]

    def applies(self, findings: Findings) -> bool:
        """Whether the findings show it."""
        return findings.value(self.aspect) in self.values


def _risk(name: str, aspect: Aspect, *values: str) -> Risk:
    return Risk(name=name, aspect=aspect, values=frozenset(values))


RISKS = (
    _risk("no_calibration", Aspect.CALIBRATED, "no"),
    _risk("face_near_threshold", Aspect.FACE, "review", "no_match"),
    _risk("register_face_differs", Aspect.REGISTRY_FACE, "review", "no_match"),
    _risk("details_edited", Aspect.DETAILS, "unread", "typed", "corrected"),
    _risk("reported_lost", Aspect.REGISTRY, "reported_lost"),
    _risk("register_silent", Aspect.REGISTRY, "not_asked", "unavailable", "no_match"),
    _risk("person_deceased", Aspect.REGISTRY, "deceased"),
    _risk("minor", Aspect.AGE, "unknown", "child", "minor"),
    _risk("not_live", Aspect.LIVENESS, "spoof", "inconclusive"),
    _risk("camera_suspicious", Aspect.CAPTURE, "suspicious"),
    _risk("document_failed", Aspect.DOCUMENT, "failed"),
    _risk("chip_failed", Aspect.CHIP, "failed", "cloneable"),
    _risk("repeated", Aspect.REPEATED, "yes"),
    _risk("has_an_eid", Aspect.EXISTING, "active", "suspended", "revoked"),
)
"""What makes a case risky unless a deployment says otherwise."""

FINDINGS_MISSING = "findings_missing"
"""The risk of a case whose findings cannot be read: nothing absent becomes a pass."""

WANTED_BY_POLICY = "wanted_by_policy"
"""The risk of a case for which the policy of registration wants two officers, for its own reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPolicy:
    """How cases are reviewed.

    :ivar risks: reasons for four eyes; a case with any of them takes two officers who agree.
    :ivar proofing: the policy of registration: what it never accepts, nobody can, and where it wants
        two officers, two it is.
    :ivar lease: how long an officer has a case to themselves; at most an hour.
    :ivar attempt: how long one process may take to tell the registration what was decided.
    """

    version: str = "review-2026-11"
    risks: tuple[Risk, ...] = RISKS
    proofing: ProofingPolicy | None = None
    lease: timedelta = timedelta(minutes=20)
    attempt: timedelta = timedelta(minutes=2)

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        :raises ConfigurationError: ``review_policy_invalid``.
        """
        zero = timedelta(0)
        if not zero < self.lease <= timedelta(hours=1) or self.attempt <= zero:
            raise ConfigurationError("review_policy_invalid", detail="lease or attempt")

    def risks_of(self, findings: Findings | None) -> tuple[str, ...]:
        """Why a case is risky; empty: one officer is enough."""
        if findings is None:
            return (FINDINGS_MISSING,)
        found = tuple(risk.name for risk in self.risks if risk.applies(findings))
        if not found and self.proofing is not None and self.proofing.officers_needed(findings) > 1:
            return (WANTED_BY_POLICY,)
        return found

    def hindrances(self, findings: Findings | None) -> tuple[Aspect, ...]:
        """Aspects for which the case can only be refused."""
        if findings is None or self.proofing is None:
            return ()
        return self.proofing.hindrances(findings)

    def risky_aspects(self, findings: Findings | None) -> Mapping[Aspect, str]:
        """Which aspects make it so, with the name of the risk."""
        if findings is None:
            return {}
        return {risk.aspect: risk.name for risk in self.risks if risk.applies(findings)}
