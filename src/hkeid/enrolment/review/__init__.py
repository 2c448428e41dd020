"""Review of referred registrations by officers: queue, leases, evidence, votes, decisions."""

from hkeid.enrolment.review.cases import (
    CaseFile,
    FindingLine,
    QueuedCase,
    Registrations,
    ReviewTransaction,
    Stage,
    Tally,
    tally,
)
from hkeid.enrolment.review.desk import PICTURES, Review
from hkeid.enrolment.review.errors import CaseUnknown, ReviewRefused
from hkeid.enrolment.review.figures import (
    AGES,
    WAITING_WORDS,
    DayFigures,
    Figures,
    ReviewFigures,
    Waiting,
    WaitingView,
)
from hkeid.enrolment.review.policy import (
    FINDINGS_MISSING,
    RISKS,
    WANTED_BY_POLICY,
    ReviewPolicy,
    Risk,
)
from hkeid.enrolment.review.records import (
    Decision,
    DecisionReason,
    Lease,
    ReviewRepository,
    Vote,
)

__all__ = [
    "AGES",
    "FINDINGS_MISSING",
    "PICTURES",
    "RISKS",
    "WAITING_WORDS",
    "WANTED_BY_POLICY",
    "CaseFile",
    "CaseUnknown",
    "DayFigures",
    "Decision",
    "DecisionReason",
    "Figures",
    "FindingLine",
    "Lease",
    "QueuedCase",
    "Registrations",
    "Review",
    "ReviewFigures",
    "ReviewPolicy",
    "ReviewRefused",
    "ReviewRepository",
    "ReviewTransaction",
    "Risk",
    "Stage",
    "Tally",
    "Vote",
    "Waiting",
    "WaitingView",
    "tally",
]
