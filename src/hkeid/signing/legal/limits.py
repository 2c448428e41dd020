"""Where sections 5 to 8 do not reach at all (Parts II and IV of Cap. 553)."""

from __future__ import annotations

from collections.abc import Iterator

from hkeid.signing.legal.context import LegalContext
from hkeid.signing.legal.exclusions import DocumentType, Exclusions
from hkeid.signing.legal.opinion import LegalReason, defeats, leaves_open, supports
from hkeid.signing.legal.questions import Bar, Question

_TYPE = "context.document_type"
_ORDINANCE = "context.ordinance"
_EXCLUDED = "context.ordinance_excluded"
_ORDER = "s.11(1), Cap. 553B"

_PROCEEDINGS = Bar(
    bar="context.court_proceedings",
    lift="context.court_rules_permit",
    section="s.13, Schedule 2",
    absent="not_for_proceedings",
    lifted="court_rules_permit",
    stands="court_rules_silent",
    bar_missing="proceedings_missing",
    lift_missing="court_rules_missing",
)
_METHOD = Bar(
    bar="context.method_specified",
    lift="context.specified_method_followed",
    section="s.11(2), s.12, s.14",
    absent="no_method_specified",
    lifted="specified_method_followed",
    stands="specified_method_not_followed",
    bar_missing="method_specified_missing",
    lift_missing="specified_method_missing",
)
_OTHER_REQUIREMENT = Question(
    fact="context.other_requirement_defeated",
    section="s.16",
    yes="other_requirement_defeated",
    no="no_other_requirement_defeated",
    missing="other_requirement_missing",
    good=False,
)


def limits(context: LegalContext, exclusions: Exclusions) -> Iterator[LegalReason]:
    """The reasons that concern every requirement, in the order of the Ordinance."""
    kind = exclusions.document_types.get(context.document_type or "")
    yield _matter(context, kind)
    yield from _ordinance(context, exclusions)
    barred = context.court_proceedings
    if barred is None and kind is not None:
        barred = kind.proceedings
    yield _PROCEEDINGS.reason(barred=barred, lifted=context.court_rules_permit)
    if not context.common_law or context.method_specified is not None:
        yield _METHOD.reason(
            barred=context.method_specified, lifted=context.specified_method_followed
        )
    if not context.common_law:
        yield _OTHER_REQUIREMENT.reason(answer=context.other_requirement_defeated)


def _matter(context: LegalContext, kind: DocumentType | None) -> LegalReason:
    """Section 3 and Schedule 1."""
    section = "s.3, Schedule 1"
    if context.document_type is None:
        return leaves_open("document_type_missing", section, missing=(_TYPE,))
    if kind is None:
        name = context.document_type
        return leaves_open("document_type_unknown", section, missing=(_TYPE,), type=name)
    if kind.item is not None:
        item = str(kind.item)
        section = f"s.3, Schedule 1, item {item}"
        return defeats("matter_excluded", section, _TYPE, type=kind.name, item=item)
    if kind.counsel is not None:
        return leaves_open(
            "matter_needs_counsel", section, _TYPE, type=kind.name, note=kind.counsel
        )
    return supports("matter_not_excluded", section, _TYPE, type=kind.name)


def _ordinance(context: LegalContext, exclusions: Exclusions) -> Iterator[LegalReason]:
    """The Exclusion Order (s.11(1)); common law is outside its reach."""
    if context.common_law:
        yield supports("common_law", "s.2(1), s.11(1), s.14, s.16", _ORDINANCE)
        return
    chapter = context.ordinance or "?"
    excluded, fact = context.ordinance_excluded, _EXCLUDED
    entry = exclusions.ordinances.get(chapter)
    if excluded is None and entry is not None and entry.counsel is None:
        excluded, fact = entry.excluded, _ORDINANCE
    if excluded is True:
        yield defeats("ordinance_excluded", _ORDER, fact, chapter=chapter)
    elif excluded is False:
        yield supports("ordinance_not_excluded", _ORDER, fact, chapter=chapter)
    elif context.ordinance is None:
        yield leaves_open("ordinance_missing", _ORDER, missing=(_ORDINANCE, _EXCLUDED))
    else:
        yield leaves_open("exclusion_unchecked", _ORDER, missing=(_EXCLUDED,), chapter=chapter)
