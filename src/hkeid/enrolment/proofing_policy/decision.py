"""A decision and its explanation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hkeid.identity.assurance import Acr


class Outcome(StrEnum):
    """What follows from the findings."""

    BIND = "bind"
    REVIEW = "review"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a policy, or an officer, decided.

    :ivar proofed: the rung of the ladder that the proof of identity allows; None unless ``bind``.
    :ivar ial: identity assurance level (NIST SP 800-63A-4) that the grade stands for; 0: none.
    :ivar policy: version of the policy.
    :ivar grade: name of the grade reached, or of the rule that refused; "" for a review.
    :ivar reason: the word shown to the applicant; None for ``bind``.
    :ivar cause: the word for officers where the applicant is not told as much; None: ``reason`` says it.
    :ivar rules: names of the rules that fired, in order: the explanation.
    :ivar marks: reservations that go with the outcome (``demonstration`` …).
    :ivar officers: who decided, where it was not the policy alone.
    """

    outcome: Outcome
    proofed: Acr | None
    ial: int
    policy: str
    grade: str = ""
    reason: str | None = None
    cause: str | None = None
    rules: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    officers: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "outcome": self.outcome.value,
            "proofed": None if self.proofed is None else self.proofed.value,
            "ial": self.ial,
            "policy": self.policy,
            "grade": self.grade,
            "reason": self.reason,
            **({} if self.cause is None else {"cause": self.cause}),
            "rules": list(self.rules),
            "marks": list(self.marks),
            "officers": list(self.officers),
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Decision:
        """The inverse of :meth:`as_json`, of what this program kept."""
        return cls(
            outcome=Outcome(kept["outcome"]),
            proofed=None if kept["proofed"] is None else Acr(kept["proofed"]),
            ial=kept["ial"],
            policy=kept["policy"],
            grade=kept["grade"],
            reason=kept["reason"],
            cause=kept.get("cause"),
            rules=tuple(kept["rules"]),
            marks=tuple(kept["marks"]),
            officers=tuple(kept["officers"]),
        )
