"""Which cases need four eyes, as data; and what each finding says, in one word for pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

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
    _risk("face_near_threshold", Aspect.FACE, "review"),
    _risk("face_differs", Aspect.FACE, "no_match"),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRisk:
    """A reason for a second officer at an upgrade.

    :ivar reasons: why the upgrade was referred, any of these.
    :ivar genuine: how the chip proved itself, any of these; empty: however.
    :ivar lacking: a fact that is missing; "": none.
    :ivar having: a fact that is there; "": none.
    """

    name: str
    reasons: frozenset[str]
    genuine: frozenset[str] = frozenset()
    lacking: str = ""
    having: str = ""

    def applies(self, reason: str | None, facts: Mapping[str, Any]) -> bool:
        """Whether it is so."""
        proved = not self.genuine or facts.get("genuine") in self.genuine
        lacks = not self.lacking or facts.get(self.lacking) is None
        has = not self.having or facts.get(self.having) is not None
        return reason in self.reasons and proved and lacks and has


def _upgrade_risk(
    name: str,
    *reasons: str,
    genuine: Collection[str] = (),
    lacking: str = "",
    having: str = "",
) -> UpgradeRisk:
    return UpgradeRisk(
        name=name,
        reasons=frozenset(reasons),
        genuine=frozenset(genuine),
        lacking=lacking,
        having=having,
    )


UPGRADE_RISKS = (
    _upgrade_risk("face_near_threshold", "face_unclear"),
    _upgrade_risk("no_calibration", "face_not_calibrated"),
    _upgrade_risk("register_face_differs", "register_face_unclear"),
    _upgrade_risk("wanted_by_policy", "registration_unclear"),
    _upgrade_risk("wanted_by_policy", "liveness_not_assured", having="recovers"),
    _upgrade_risk("proof_rests_on_station", "read_offline", genuine=("chip", "cam")),
    _upgrade_risk("nobody_on_duty", "read_offline", lacking="team"),
    _upgrade_risk("face_unseen", "face_not_assessed", "face_tries_spent"),
)
"""What makes an upgrade risky unless a deployment says otherwise."""

UPGRADE_HINDRANCES: Mapping[str, str] = MappingProxyType(
    {"face_not_assessed": "face_unseen", "face_tries_spent": "face_unseen"}
)
"""Upgrades for which nobody saw the face: there is nothing by which an officer could accept them."""

REFERRALS = frozenset(
    {
        "face_unclear", "face_not_calibrated", "liveness_not_assured", "read_offline",
        "face_not_assessed", "face_tries_spent", "register_face_unclear", "registration_unclear",
        "recovery_second_officer",
    }
)  # fmt: skip
"""Why upgrades are referred. For any other reason it takes two officers."""

FINDINGS_MISSING = "findings_missing"
"""The risk of a case whose findings cannot be read: nothing absent becomes a pass."""

WANTED_BY_POLICY = "wanted_by_policy"
"""The risk of a case for which the policy of registration wants two officers, for its own reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPolicy:
    """How cases are reviewed.

    :ivar risks: reasons for four eyes; a case with any of them takes two officers who agree.
    :ivar upgrade_risks: the same for upgrades.
    :ivar upgrade_hindrances: why an upgrade was referred, with what hinders every acceptance of it.
    :ivar proofing: the policy of registration: what it never accepts, nobody can, and where it wants
        two officers, two it is.
    :ivar lease: how long an officer has a case to themselves; at most an hour.
    :ivar turn: how far each case that waits before it sets back another one of the same site, so that
        whoever brings many does not bury others (:mod:`hkeid.enrolment.registration.turns`).
    :ivar attempt: how long one process may take to tell the registration what was decided.
    """

    version: str = "review-2026-11"
    risks: tuple[Risk, ...] = RISKS
    upgrade_risks: tuple[UpgradeRisk, ...] = UPGRADE_RISKS
    upgrade_hindrances: Mapping[str, str] = field(default_factory=lambda: UPGRADE_HINDRANCES)
    proofing: ProofingPolicy | None = None
    lease: timedelta = timedelta(minutes=20)
    turn: timedelta = timedelta(minutes=10)
    attempt: timedelta = timedelta(minutes=2)

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        :raises ConfigurationError: ``review_policy_invalid``.
        """
        zero = timedelta(0)
        if not zero < self.lease <= timedelta(hours=1) or self.attempt <= zero:
            raise ConfigurationError("review_policy_invalid", detail="lease or attempt")
        if not zero <= self.turn <= timedelta(hours=4):
            raise ConfigurationError("review_policy_invalid", detail="turn")

    def risks_of(self, findings: Findings | None) -> tuple[str, ...]:
        """Why a case is risky; empty: one officer is enough."""
        if findings is None:
            return (FINDINGS_MISSING,)
        found = tuple(risk.name for risk in self.risks if risk.applies(findings))
        if not found and self.proofing is not None and self.proofing.officers_needed(findings) > 1:
            return (WANTED_BY_POLICY,)
        return found

    def upgrade_risks_of(self, reason: str | None, facts: Mapping[str, Any]) -> tuple[str, ...]:
        """Why an upgrade is risky; empty: one officer is enough."""
        if reason not in REFERRALS:
            return (FINDINGS_MISSING,)
        return tuple(risk.name for risk in self.upgrade_risks if risk.applies(reason, facts))

    def upgrade_hindrances_of(self, reason: str | None) -> tuple[str, ...]:
        """Why an upgrade can only be refused."""
        found = self.upgrade_hindrances.get(reason or "")
        return () if found is None else (found,)

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
