"""Electronic records: writing (s.5), original form (s.7) and retention (s.8), with consent (s.15)."""

from __future__ import annotations

from collections.abc import Iterator

from hkeid.signing.legal.context import LegalContext
from hkeid.signing.legal.facts import SignatureFacts, TechnicalVerdict
from hkeid.signing.legal.opinion import LegalReason, defeats, leaves_open, note, supports
from hkeid.signing.legal.questions import Question

_GOVERNMENT = "context.government_party"
_CONSENT = "context.recipient_consents"


def writing(facts: SignatureFacts, context: LegalContext) -> Iterator[LegalReason]:
    """Section 5(1) and (2): accessible for later reference, and agreed to (s.15(1), (2))."""
    yield from _integrity(facts, "s.5")
    yield Question(
        fact="context.accessible",
        section="s.5(1)",
        yes="record_accessible",
        no="record_not_accessible",
        missing="accessible_missing",
    ).reason(answer=context.accessible)
    yield _consent(context, "s.15(1), (2)")


def original(facts: SignatureFacts, context: LegalContext) -> Iterator[LegalReason]:
    """Section 7: assurance of integrity from the final form on, legible, and agreed to (s.15(4))."""
    yield from _integrity(facts, "s.7(1)(a), s.7(2)")
    yield from _unchanged(facts)
    yield Question(
        fact="context.final_form_at_signing",
        section="s.7(1)(a)",
        yes="signed_in_final_form",
        no="not_signed_in_final_form",
        missing="final_form_missing",
    ).reason(answer=context.final_form_at_signing)
    yield Question(
        fact="context.legible",
        section="s.7(1)(b)",
        yes="record_legible",
        no="record_not_legible",
        missing="legible_missing",
    ).reason(answer=context.legible)
    yield _consent(context, "s.15(4)")


def retention(facts: SignatureFacts, context: LegalContext) -> Iterator[LegalReason]:
    """Section 8(1): accessible, faithful in format, with where it came from and when."""
    yield from _integrity(facts, "s.8")
    questions = (
        ("accessible", "(a)", "record_accessible", "record_not_accessible", "accessible_missing"),
        ("format_kept", "(b)", "format_kept", "format_not_kept", "format_missing"),
        (
            "transmission_recorded",
            "(c)",
            "transmission_recorded",
            "transmission_not_recorded",
            "transmission_missing",
        ),
    )
    for name, paragraph, yes, no, missing in questions:
        yield Question(
            fact=f"context.{name}", section=f"s.8(1){paragraph}", yes=yes, no=no, missing=missing
        ).reason(answer=getattr(context, name))


def _integrity(facts: SignatureFacts, section: str) -> Iterator[LegalReason]:
    """These sections ask for no signature; but nothing is said in favour of a record whose signature
    fails: its integrity must then be shown in another way.
    """
    if facts.technical is None:
        yield leaves_open("technical_missing", section, missing=("signature.technical",))
    elif facts.technical is TechnicalVerdict.VALID:
        yield supports("integrity_shown", section, "signature.technical")
    else:
        yield leaves_open("integrity_not_shown", section, "signature.technical")


def _unchanged(facts: SignatureFacts) -> Iterator[LegalReason]:
    section = "s.7(2)(a)"
    fact = "signature.covers_whole_document"
    if facts.covers_whole_document is None:
        yield leaves_open("coverage_missing", section, missing=(fact,))
    elif not facts.covers_whole_document:
        yield defeats("not_whole_document", section, fact)
    else:
        yield supports("whole_document", section, fact)
    if facts.changed_after_signing:
        # Endorsements and ordinary changes do no harm (s.7(2)(a)); whether these are such, a person says.
        yield note("changed_after_signing", section, "signature.changed_after_signing")


def _consent(context: LegalContext, section: str) -> LegalReason:
    if context.recipient_consents:
        return supports("record_consented", section, _CONSENT)
    if context.government_party:
        return supports("consent_not_needed", section, _GOVERNMENT)
    if context.government_party is None:
        missing = (_GOVERNMENT,) if context.recipient_consents is False else (_GOVERNMENT, _CONSENT)
        return leaves_open("record_consent_missing", section, missing=missing)
    if context.recipient_consents is None:
        return leaves_open("record_consent_missing", section, missing=(_CONSENT,))
    return defeats("record_consent_refused", section, _CONSENT)
