"""The rules, and the pure function that applies them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hkeid.enrolment.proofing_policy.decision import Decision, Outcome
from hkeid.enrolment.proofing_policy.findings import Aspect, Findings
from hkeid.identity.assurance import Acr


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A rule that refuses: when every aspect named has one of the values named.

    :ivar reason: the word shown to the applicant.
    """

    name: str
    reason: str
    when: Mapping[Aspect, frozenset[str]]

    def applies(self, findings: Findings) -> bool:
        """Whether the rule fires."""
        return all(findings.value(aspect) in values for aspect, values in self.when.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A rule that binds: when every aspect has one of the values that the grade accepts.

    :ivar purposes: the purposes of registration that it serves.
    :ivar ial: identity assurance level (NIST SP 800-63A-4); 0: none.
    :ivar accepts: for every aspect, what is good enough.
    :ivar marks: reservations that go with it; a grade that accepts what proves nothing has one.
    """

    name: str
    purposes: frozenset[str]
    proofed: Acr
    ial: int
    accepts: Mapping[Aspect, frozenset[str]]
    marks: tuple[str, ...] = ()

    def missing(self, findings: Findings) -> tuple[Aspect, ...]:
        """Aspects that are not good enough."""
        return tuple(a for a, good in self.accepts.items() if findings.value(a) not in good)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRules:
    """What officers may do with what no grade accepts.

    :ivar never: values with which not even officers accept.
    :ivar four_eyes: values with which two officers are needed.
    """

    proofed: Acr
    ial: int
    never: Mapping[Aspect, frozenset[str]]
    four_eyes: Mapping[Aspect, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofingPolicy:
    """Refusals first, then grades from the highest to the lowest, then an officer."""

    version: str
    production: bool
    refusals: tuple[Refusal, ...]
    grades: tuple[Grade, ...]
    review: ReviewRules

    def hindrances(self, findings: Findings) -> tuple[Aspect, ...]:
        """Aspects for which not even an officer may accept the case: those of the review rules, and those
        of a refusal that applies. Where a refusal was withheld from a stranger, it is officers who say it.
        """
        never = self.review.never.items()
        found = {aspect for aspect, values in never if findings.value(aspect) in values}
        found.update(*(one.when for one in self.refusals if one.applies(findings)))
        return tuple(aspect for aspect in Aspect if aspect in found)

    def officers_needed(self, findings: Findings) -> int:
        """How many officers have to agree to accept the case: one, or two where it is risky."""
        four_eyes = self.review.four_eyes.items()
        return 2 if any(findings.value(aspect) in values for aspect, values in four_eyes) else 1

    def accepted_by(self, officers: tuple[str, ...], reason: str) -> Decision:
        """The decision of officers who accept a referred case."""
        return Decision(
            outcome=Outcome.BIND,
            proofed=self.review.proofed,
            ial=self.review.ial,
            policy=self.version,
            grade="officers",
            rules=("officers", f"reason:{reason}"),
            officers=officers,
        )

    def refused_by(self, officers: tuple[str, ...], reason: str) -> Decision:
        """The decision of officers who refuse a referred case."""
        return replace(
            self._refused("officers", "officer_refused"),
            rules=("officers", f"reason:{reason}"),
            officers=officers,
        )

    def refusal(self, findings: Findings) -> Refusal | None:
        """The first rule that refuses, or None."""
        return next((one for one in self.refusals if one.applies(findings)), None)

    def decide(self, findings: Findings, purpose: str) -> Decision:
        """What follows from the findings. Pure; whatever no rule names goes to an officer.

        What the register of persons says, and whether there is an eID, is told only to somebody whose
        face is the one in the register. To anybody else outcome and reason are the same whatever was
        found there (:func:`may_be_told`); the decision's ``cause`` and ``rules`` have it for officers.
        """
        told = may_be_told(findings)
        refusals = [one for one in self.refusals if one.applies(findings)]
        for refusal in refusals:
            if told or not refusal.when.keys() & OF_THE_REGISTER:
                return self._refused(refusal.name, refusal.reason)
        if refusals:
            return self._withheld(refusals[0], findings, purpose)
        lacking: tuple[Aspect, ...] | None = None
        for grade in self.grades:
            if purpose not in grade.purposes:
                continue
            missing = grade.missing(findings)
            if not missing:
                return Decision(
                    outcome=Outcome.BIND,
                    proofed=grade.proofed,
                    ial=grade.ial,
                    policy=self.version,
                    grade=grade.name,
                    rules=(grade.name,),
                    marks=grade.marks,
                )
            if missing == (Aspect.EXISTING,) and findings.existing in _OTHER_WAY and told:
                # Proved to be the person, who may be told what nobody else is told.
                return self._refused(f"{grade.name}:existing", _OTHER_WAY[findings.existing])
            if lacking is None or len(missing) < len(lacking):
                lacking = missing
        return self._review(findings, purpose, lacking or (), _cause(lacking or (), findings))

    def _withheld(self, refusal: Refusal, findings: Findings, purpose: str) -> Decision:
        """A refusal that would tell a stranger what the register says: officers see it, and say no."""
        lacking = self._lacking(findings, purpose)
        referred = self._review(findings, purpose, lacking, refusal.reason)
        return replace(referred, rules=(f"withheld:{refusal.name}", *referred.rules))

    def _review(
        self, findings: Findings, purpose: str, lacking: tuple[Aspect, ...], cause: str
    ) -> Decision:
        """An officer decides.

        :param cause: the word for officers; for the applicant, too, where they may be told.
        """
        reason = cause
        if not may_be_told(findings):
            seen = _without_the_register(findings, purpose)
            reason = _cause(self._lacking(seen, purpose), seen)
        rules = tuple(f"lacking:{aspect.value}={findings.value(aspect)}" for aspect in lacking)
        return Decision(
            outcome=Outcome.REVIEW,
            proofed=None,
            ial=0,
            policy=self.version,
            reason=reason,
            cause=None if cause == reason else cause,
            rules=rules or ("no_grade_for_purpose",),
        )

    def _lacking(self, findings: Findings, purpose: str) -> tuple[Aspect, ...]:
        """What the nearest grade for a purpose misses."""
        missing = [one.missing(findings) for one in self.grades if purpose in one.purposes]
        return min(missing, key=len, default=())

    def _refused(self, rule: str, reason: str) -> Decision:
        return Decision(
            outcome=Outcome.REFUSE,
            proofed=None,
            ial=0,
            policy=self.version,
            grade=rule,
            reason=reason,
            rules=(rule,),
        )


OF_THE_REGISTER = frozenset(
    {Aspect.REGISTRY, Aspect.REGISTRY_FACE, Aspect.REPEATED, Aspect.EXISTING}
)
"""What is known about a person without them: nobody is told who is not proved to be this person."""


def may_be_told(findings: Findings) -> bool:
    """Whether whoever is there may hear what is known of the person: somebody who was found live has the
    face that the register holds, or an officer has them and the genuine chip before them.
    """
    itself = findings.registry_face == "match" and findings.liveness == "live"
    return itself or (findings.officer == "present" and findings.chip == "genuine")


def _without_the_register(findings: Findings, purpose: str) -> Findings:
    """The same, as if register and index said what suits best: what a word may be derived from."""
    return replace(
        findings,
        registry="match",
        registry_face="match",
        repeated="no",
        existing="active" if purpose == "recovery" else "none",
    )


_OTHER_WAY = {
    "active": "already_registered",
    "none": "not_registered",
    "applicant": "not_registered",
    "revoked": "not_registered",
}
_TOLD: dict[Aspect, str] = {
    Aspect.REGISTRY: "registry_unclear",
    Aspect.DETAILS: "details_unclear",
    Aspect.AGE: "age_unclear",
    Aspect.FACE: "face_unclear",
    Aspect.REGISTRY_FACE: "face_unclear",
    Aspect.LIVENESS: "liveness_unclear",
}


def _cause(missing: tuple[Aspect, ...], findings: Findings) -> str:
    """Why an officer has to look, in one word."""
    if Aspect.REGISTRY in missing and findings.registry == "unavailable":
        return "registry_unavailable"
    return next((_TOLD[aspect] for aspect in _TOLD if aspect in missing), "officer_looks")
