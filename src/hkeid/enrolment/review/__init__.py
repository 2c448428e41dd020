"""Review of referred registrations and upgrades by officers: queue, leases, evidence, votes, decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.enrolment.review.cases import (
        CaseFile,
        FindingLine,
        QueuedCase,
        Registrations,
        Tally,
        tally,
    )
    from hkeid.enrolment.review.desk import Review
    from hkeid.enrolment.review.errors import CaseUnknown, ReviewRefused
    from hkeid.enrolment.review.figures import (
        AGES,
        DayFigures,
        Figures,
        ReviewFigures,
    )
    from hkeid.enrolment.review.policy import (
        FINDINGS_MISSING,
        RISKS,
        UPGRADE_HINDRANCES,
        UPGRADE_RISKS,
        WANTED_BY_POLICY,
        ReviewPolicy,
        Risk,
        UpgradeRisk,
    )
    from hkeid.enrolment.review.records import (
        Decision,
        DecisionReason,
        Lease,
        ReviewRepository,
        Vote,
    )
    from hkeid.enrolment.review.registration_cases import PICTURES, RegistrationCases
    from hkeid.enrolment.review.sources import (
        REASONS,
        CaseKind,
        CaseSource,
        Held,
        Referred,
        ReviewTransaction,
        Sources,
        Stage,
    )
    from hkeid.enrolment.review.upgrade_cases import UpgradeCases, UpgradeField, UpgradeFile
    from hkeid.enrolment.review.waiting import WAITING_WORDS, Waiting, WaitingRoom, WaitingView

__getattr__ = names_on_demand(
    __name__,
    {
        "cases": ("CaseFile", "FindingLine", "QueuedCase", "Registrations", "Tally", "tally"),
        "desk": ("Review",),
        "errors": ("CaseUnknown", "ReviewRefused"),
        "figures": (
            "AGES",
            "DayFigures",
            "Figures",
            "ReviewFigures",
        ),
        "policy": (
            "FINDINGS_MISSING",
            "RISKS",
            "UPGRADE_HINDRANCES",
            "UPGRADE_RISKS",
            "WANTED_BY_POLICY",
            "ReviewPolicy",
            "Risk",
            "UpgradeRisk",
        ),
        "records": ("Decision", "DecisionReason", "Lease", "ReviewRepository", "Vote"),
        "registration_cases": ("PICTURES", "RegistrationCases"),
        "sources": (
            "REASONS",
            "CaseKind",
            "CaseSource",
            "Held",
            "Referred",
            "ReviewTransaction",
            "Sources",
            "Stage",
        ),
        "upgrade_cases": ("UpgradeCases", "UpgradeField", "UpgradeFile"),
        "waiting": ("WAITING_WORDS", "Waiting", "WaitingRoom", "WaitingView"),
    },
)

__all__ = [
    "AGES",
    "FINDINGS_MISSING",
    "PICTURES",
    "REASONS",
    "RISKS",
    "UPGRADE_HINDRANCES",
    "UPGRADE_RISKS",
    "WAITING_WORDS",
    "WANTED_BY_POLICY",
    "CaseFile",
    "CaseKind",
    "CaseSource",
    "CaseUnknown",
    "DayFigures",
    "Decision",
    "DecisionReason",
    "Figures",
    "FindingLine",
    "Held",
    "Lease",
    "QueuedCase",
    "Referred",
    "RegistrationCases",
    "Registrations",
    "Review",
    "ReviewFigures",
    "ReviewPolicy",
    "ReviewRefused",
    "ReviewRepository",
    "ReviewTransaction",
    "Risk",
    "Sources",
    "Stage",
    "Tally",
    "UpgradeCases",
    "UpgradeField",
    "UpgradeFile",
    "UpgradeRisk",
    "Vote",
    "Waiting",
    "WaitingRoom",
    "WaitingView",
    "tally",
]
