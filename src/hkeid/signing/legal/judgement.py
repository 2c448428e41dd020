"""The decision under the Electronic Transactions Ordinance (Cap. 553)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.signing.legal.context import SECTION_OF, LegalContext, Requirement
from hkeid.signing.legal.exclusions import Exclusions, shipped_exclusions
from hkeid.signing.legal.facts import SignatureFacts
from hkeid.signing.legal.limits import limits
from hkeid.signing.legal.opinion import (
    LegalOpinion,
    LegalReason,
    RequirementOpinion,
    verdict_of,
    weakest,
)
from hkeid.signing.legal.record_rules import original, retention, writing
from hkeid.signing.legal.signature_rules import section_of, signature
from hkeid.signing.legal.trust_list import TrustList

_RECORD_RULES: Mapping[
    Requirement, Callable[[SignatureFacts, LegalContext], Iterable[LegalReason]]
] = {
    Requirement.WRITING: writing,
    Requirement.ORIGINAL: original,
    Requirement.RETENTION: retention,
}


def judge_cap553(
    facts: SignatureFacts,
    context: LegalContext,
    trust_list: TrustList,
    at: Instant,
    *,
    exclusions: Exclusions | None = None,
) -> LegalOpinion:
    """Whether the document satisfies what a rule of law requires, by virtue of Cap. 553.

    :param trust_list: recognised authorities; the shipped one alone never leads to ``satisfied`` where a
        government entity is a party.
    :param at: when the opinion is given; nothing later than this is taken as proved.
    :param exclusions: the catalogue of exclusions; the shipped one where none is given.
    :raises hkeid.kernel.errors.MalformedInput: ``time_without_zone``: ``at`` has none.
    """
    if at.tzinfo is None:
        raise MalformedInput("time_without_zone", field="at")
    catalogue = shipped_exclusions() if exclusions is None else exclusions
    shared = tuple(limits(context, catalogue))
    opinions = tuple(_requirements(facts, context, trust_list, at, shared))
    verdict = weakest(opinion.verdict for opinion in opinions)
    return LegalOpinion(
        verdict=verdict,
        section=next(one.section for one in opinions if one.verdict is verdict),
        judged_at=at,
        shared=shared,
        requirements=opinions,
        trust_list=trust_list.label,
        exclusions=catalogue.label,
    )


def _requirements(
    facts: SignatureFacts,
    context: LegalContext,
    trust_list: TrustList,
    at: Instant,
    shared: tuple[LegalReason, ...],
) -> Iterator[RequirementOpinion]:
    for requirement in context.requirements:
        if requirement is Requirement.SIGNATURE:
            section = section_of(context)
            own = tuple(signature(facts, context, trust_list, at))
        else:
            section = SECTION_OF[requirement]
            own = tuple(_RECORD_RULES[requirement](facts, context))
        yield RequirementOpinion(
            requirement=requirement,
            verdict=verdict_of((*shared, *own)),
            section=section,
            reasons=own,
        )
