"""Cases as officers see them, and the rule that makes a decision of votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from hkeid.enrolment.proofing_policy import Aspect, Findings
from hkeid.enrolment.registration.records import RegistrationPurpose, RegistrationRecord
from hkeid.enrolment.registration.views import FieldView, RegistrationView
from hkeid.enrolment.review.policy import ReviewPolicy
from hkeid.enrolment.review.records import DecisionReason, Lease, Vote
from hkeid.enrolment.review.sources import CaseKind, Stage
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.instants import Instant
from hkeid.ports.documents import CardField


class Registrations(Protocol):
    """What review asks of registration (:class:`hkeid.enrolment.registration.Registration`)."""

    def view(self, registration_id: str) -> RegistrationView:
        """A registration with its findings."""
        ...

    def decide(
        self, registration_id: str, *, accept: bool, reason: str, officers: tuple[str, ...]
    ) -> None:
        """Carry a decision out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedCase:
    """A case in the queue: no personal data.

    :ivar reference: case number that people read out.
    :ivar waiting: since the referral.
    :ivar lease: who has it at the moment, or None.
    :ivar mine: the officer who looks has it.
    :ivar takeable: the officer who looks may take it now.
    """

    id: str
    kind: CaseKind
    reference: str = field(repr=False)
    purpose: RegistrationPurpose | None
    reason: str | None
    referred_at: Instant
    waiting: timedelta
    expires_at: Instant
    stage: Stage
    risks: tuple[str, ...]
    lease: Lease | None
    mine: bool
    takeable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One finding with what it means for the case.

    :ivar risk: why it needs four eyes, or None.
    :ivar lacking: the policy wanted a better value.
    """

    aspect: Aspect
    value: str
    risk: str | None
    lacking: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """Everything about a case that an officer has taken.

    :ivar hindrances: for these the case can only be refused.
    :ivar fields: what was read and what the applicant made of it; personal.
    :ivar pictures: names of the evidence that can be shown.
    :ivar live_failed: selfies of this case that were not found live; ``live_spoofed``: those that looked
        like an attack; ``spoofed_before``: such selfies in other cases with the same number lately.
    :ivar live_latest: the verdict on the last selfie, "" if none was judged.
    :ivar rules: the rules of the proofing policy that sent it here.
    :ivar votes: those of others; empty unless it is a conflict to be settled, so that the second
        officer judges alone.
    """

    id: str
    reference: str = field(repr=False)
    purpose: RegistrationPurpose
    reason: str | None
    referred_at: Instant
    stage: Stage
    risks: tuple[str, ...]
    hindrances: tuple[Aspect, ...]
    lease: Lease
    fields: Mapping[CardField, FieldView] = field(repr=False)
    lines: tuple[FindingLine, ...]
    differing: tuple[str, ...]
    warnings: tuple[str, ...]
    live_failed: int = 0
    live_spoofed: int = 0
    spoofed_before: int = 0
    live_latest: str = ""
    policy: str
    rules: tuple[str, ...]
    pictures: tuple[str, ...]
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What votes come to: a decision, or the next stage."""

    stage: Stage
    decided: bool
    accept: bool = False
    reason: DecisionReason | None = None
    officers: tuple[str, ...] = ()


def tally(votes: Sequence[Vote], *, risky: bool) -> Tally:
    """Count votes, which are of different officers.

    One vote decides a case that is not risky; a risky one takes two that agree; where they do not,
    the vote of a senior officer, who is a third person, settles it.
    """
    settling = next((vote for vote in votes if vote.settles), None)
    if settling is not None:
        agreeing = tuple(one.officer_id for one in votes if one.accept is settling.accept)
        return Tally(
            stage=Stage.CONFLICT,
            decided=True,
            accept=settling.accept,
            reason=settling.reason,
            officers=agreeing,
        )
    if not votes:
        return Tally(stage=Stage.FIRST, decided=False)
    needed = 2 if risky else 1
    if len(votes) < needed:
        return Tally(stage=Stage.SECOND, decided=False)
    if len({vote.accept for vote in votes}) > 1:
        return Tally(stage=Stage.CONFLICT, decided=False)
    return Tally(
        stage=Stage.SECOND if risky else Stage.FIRST,
        decided=True,
        accept=votes[-1].accept,
        reason=votes[-1].reason,
        officers=tuple(vote.officer_id for vote in votes),
    )


def findings_of(record: RegistrationRecord) -> Findings | None:
    """The findings of a record; None where there are none, or none that can be read."""
    try:
        kept = canonical_json.loads_object(record.findings)
        return Findings.from_json(kept) if kept else None
    except HkeidError:
        return None


def cause_of(record: RegistrationRecord) -> str | None:
    """Why a record was referred: for officers more than the applicant may be told."""
    try:
        kept = canonical_json.loads_object(record.decision)
    except HkeidError:
        return record.reason
    cause = kept.get("cause")
    return cause if isinstance(cause, str) else record.reason


def finding_lines(
    policy: ReviewPolicy, findings: Findings | None, rules: Sequence[str]
) -> tuple[FindingLine, ...]:
    """Every finding with what it means for the case.

    :param rules: the rules of the proofing policy that sent it here.
    """
    if findings is None:
        return ()
    risky = policy.risky_aspects(findings)
    lacking = {rule.removeprefix("lacking:").partition("=")[0] for rule in rules}
    return tuple(
        FindingLine(
            aspect=aspect,
            value=findings.value(aspect),
            risk=risky.get(aspect),
            lacking=aspect.value in lacking,
        )
        for aspect in Aspect
    )
