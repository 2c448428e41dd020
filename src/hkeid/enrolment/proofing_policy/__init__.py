"""Policy as data: which evidence gives which identity assurance level, and what follows."""

from hkeid.enrolment.proofing_policy.decision import Decision, Outcome
from hkeid.enrolment.proofing_policy.findings import VALUES, Aspect, Findings
from hkeid.enrolment.proofing_policy.policy import Grade, ProofingPolicy, Refusal, ReviewRules
from hkeid.enrolment.proofing_policy.reading import parse_policy, shipped_policy

__all__ = [
    "VALUES",
    "Aspect",
    "Decision",
    "Findings",
    "Grade",
    "Outcome",
    "ProofingPolicy",
    "Refusal",
    "ReviewRules",
    "parse_policy",
    "shipped_policy",
]
