"""The opinion: a verdict, and the reasons that alone make it.

Each reason supports the requirement, defeats it, leaves it open or merely notes something. One that
defeats decides; otherwise one that leaves open does; otherwise it is satisfied. A further answer can
close what is open and can never turn a decided verdict round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from hkeid.identity.language import Language
from hkeid.kernel.instants import Instant
from hkeid.signing.legal.context import Requirement
from hkeid.signing.legal.opinion_texts import reason_text

_FORMAT = 1


class Verdict(StrEnum):
    """Whether the requirement is satisfied by virtue of Cap. 553."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "not_satisfied"
    UNDETERMINED = "undetermined"


class Effect(StrEnum):
    """What a reason does to the verdict."""

    SUPPORTS = "supports"
    DEFEATS = "defeats"
    LEAVES_OPEN = "leaves_open"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalReason:
    """One step of the argument.

    :ivar code: stable ``snake_case`` word; its texts are in ``opinion_texts``.
    :ivar section: what it rests on, such as ``s.6(1A)(c)`` or ``Schedule 1, item 3``.
    :ivar facts: names of the facts that decided, such as ``context.government_party``.
    :ivar missing: names of the facts that would decide; empty unless the reason leaves open.
    :ivar values: what the text mentions: names, dates, amounts, a note for counsel.
    """

    code: str
    section: str
    effect: Effect
    facts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def text(self, language: Language) -> str:
        """The reason as a sentence."""
        return reason_text(self.code, language, self.values)

    def to_json(self) -> dict[str, Any]:
        """For programs; the texts in all three scripts are in it."""
        return {
            "code": self.code,
            "section": self.section,
            "effect": self.effect.value,
            "facts": list(self.facts),
            "missing": list(self.missing),
            "values": dict(self.values),
            "text": {language.value: self.text(language) for language in Language},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementOpinion:
    """The verdict on one requirement.

    :ivar section: the provision that decides, such as ``s.6(1A)``.
    :ivar reasons: its own; those of the whole document stand in the opinion.
    """

    requirement: Requirement
    verdict: Verdict
    section: str
    reasons: tuple[LegalReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalOpinion:
    """The opinion on one signature in one context. Not legal advice.

    :ivar verdict: the weakest of the requirements' verdicts.
    :ivar section: the provision of the first requirement that the verdict comes from.
    :ivar shared: reasons that concern every requirement.
    :ivar trust_list: version and SHA-256 of the list that was used.
    :ivar exclusions: version and SHA-256 of the catalogue of exclusions that was used.
    """

    verdict: Verdict
    section: str
    judged_at: Instant
    shared: tuple[LegalReason, ...]
    requirements: tuple[RequirementOpinion, ...]
    trust_list: str
    exclusions: str

    @property
    def reasons(self) -> tuple[LegalReason, ...]:
        """All reasons, the shared ones first."""
        return self.shared + tuple(
            reason for opinion in self.requirements for reason in opinion.reasons
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the facts that would help, each once, in the order of the argument."""
        return tuple(dict.fromkeys(name for reason in self.reasons for name in reason.missing))

    @property
    def codes(self) -> frozenset[str]:
        """The codes of all reasons."""
        return frozenset(reason.code for reason in self.reasons)

    def to_json(self) -> dict[str, Any]:
        """The legal section of a validation report."""
        return {
            "format": _FORMAT,
            "law": "Cap. 553",
            "verdict": self.verdict.value,
            "section": self.section,
            "judged_at": self.judged_at.isoformat(),
            "missing": list(self.missing),
            "shared_reasons": [reason.to_json() for reason in self.shared],
            "requirements": [
                {
                    "requirement": opinion.requirement.value,
                    "verdict": opinion.verdict.value,
                    "section": opinion.section,
                    "reasons": [reason.to_json() for reason in opinion.reasons],
                }
                for opinion in self.requirements
            ],
            "trust_list": self.trust_list,
            "exclusions": self.exclusions,
            "legal_advice": False,
        }


def verdict_of(reasons: Iterable[LegalReason]) -> Verdict:
    """The verdict that follows from ``reasons``."""
    effects = {reason.effect for reason in reasons}
    if Effect.DEFEATS in effects:
        return Verdict.NOT_SATISFIED
    if Effect.LEAVES_OPEN in effects or Effect.SUPPORTS not in effects:
        return Verdict.UNDETERMINED
    return Verdict.SATISFIED


def weakest(verdicts: Iterable[Verdict]) -> Verdict:
    """``not_satisfied`` before ``undetermined`` before ``satisfied``."""
    order = (Verdict.NOT_SATISFIED, Verdict.UNDETERMINED, Verdict.SATISFIED)
    return min(verdicts, key=order.index)


def supports(code: str, section: str, *facts: str, **values: str) -> LegalReason:
    """A reason for."""
    return _reason(code, section, Effect.SUPPORTS, facts, (), values)


def defeats(code: str, section: str, *facts: str, **values: str) -> LegalReason:
    """A reason that decides against."""
    return _reason(code, section, Effect.DEFEATS, facts, (), values)


def leaves_open(
    code: str, section: str, *facts: str, missing: tuple[str, ...] = (), **values: str
) -> LegalReason:
    """A reason why it cannot be decided; ``missing`` names the facts that would."""
    return _reason(code, section, Effect.LEAVES_OPEN, facts, missing, values)


def note(code: str, section: str, *facts: str, **values: str) -> LegalReason:
    """Something the reader should know that decides nothing."""
    return _reason(code, section, Effect.NOTE, facts, (), values)


def _reason(
    code: str,
    section: str,
    effect: Effect,
    facts: tuple[str, ...],
    missing: tuple[str, ...],
    values: Mapping[str, str],
) -> LegalReason:
    return LegalReason(
        code=code, section=section, effect=effect, facts=facts, missing=missing,
        values=MappingProxyType(dict(values)),
    )  # fmt: skip
