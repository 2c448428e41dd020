"""What is kept of a review: who has a case, how officers voted, what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hkeid.kernel.instants import Instant


class DecisionReason(StrEnum):
    """Why a case is accepted or refused: a closed list, so that it may stand in the audit trail."""

    EVIDENCE_AGREES = "evidence_agrees"
    CORRECTED_READING = "corrected_reading"
    SAME_PERSON = "same_person"
    NOT_THE_SAME_PERSON = "not_the_same_person"
    CARD_NOT_GENUINE = "card_not_genuine"
    CARD_NOT_CURRENT = "card_not_current"
    CAPTURE_NOT_TRUSTED = "capture_not_trusted"
    EVIDENCE_UNUSABLE = "evidence_unusable"

    @property
    def accepts(self) -> bool:
        """Whether it is a reason to accept; the others are reasons to refuse."""
        return self in _ACCEPTING


_ACCEPTING = frozenset(
    {
        DecisionReason.EVIDENCE_AGREES,
        DecisionReason.CORRECTED_READING,
        DecisionReason.SAME_PERSON,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A case in the hands of one officer.

    :ivar id: random; made anew each time, so that a form of an earlier lease is worth nothing.
    """

    case_id: str
    id: str
    officer_id: str
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One officer's vote on a case; there is one at most."""

    case_id: str
    officer_id: str
    accept: bool
    reason: DecisionReason
    settles: bool
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What came of the votes.

    :ivar officers: those who voted for it.
    :ivar risks: why the case was risky, as words of the policy.
    :ivar waited: seconds from the referral to the decision.
    :ivar attempt_until: somebody is telling the registration until then; others keep off.
    :ivar carried_out_at: when the registration was told; None: not yet.
    """

    case_id: str
    accept: bool
    reason: DecisionReason
    officers: tuple[str, ...]
    risks: tuple[str, ...]
    waited: int
    decided_at: Instant
    attempt_until: Instant
    carried_out_at: Instant | None = None


class ReviewRepository(Protocol):
    """Leases, votes and decisions inside a transaction."""

    def take(self, lease: Lease, now: Instant) -> bool:
        """Take a case in one conditional statement: nobody has it, or this officer has it already.

        False while another officer's lease is good.
        """
        ...

    def lease(self, case_id: str) -> Lease | None:
        """The latest lease, good or not."""
        ...

    def release(self, lease: Lease, now: Instant) -> bool:
        """End a lease in one conditional statement; False when it is not good any more.

        Whoever votes ends the lease first: votes on a case come one after the other.
        """
        ...

    def live_leases(self, now: Instant) -> tuple[Lease, ...]:
        """Every lease that is good."""
        ...

    def add_vote(self, vote: Vote) -> bool:
        """Keep a vote; False when this officer voted on this case before."""
        ...

    def votes(self, case_id: str) -> tuple[Vote, ...]:
        """The votes on a case, oldest first."""
        ...

    def add_decision(self, decision: Decision) -> bool:
        """Keep a decision; False when the case is decided already."""
        ...

    def decision(self, case_id: str) -> Decision | None:
        """What was decided."""
        ...

    def attempt(self, case_id: str, now: Instant, *, until: Instant) -> bool:
        """Be the one to carry a decision out, until ``until``; False when somebody else is, or it
        was carried out.
        """
        ...

    def carried_out(self, case_id: str, now: Instant) -> bool:
        """Note that the registration was told; False when that was noted before."""
        ...

    def waiting_decisions(self, now: Instant, *, limit: int = 100) -> tuple[Decision, ...]:
        """Decisions that were not carried out, and that nobody is carrying out."""
        ...

    def decided_since(self, moment: Instant, *, limit: int = 10_000) -> tuple[Decision, ...]:
        """Decisions from ``moment`` on, oldest first."""
        ...
