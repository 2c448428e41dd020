"""Signatures: section 6(1) between private parties, section 6(1A) with a government entity."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from hkeid.kernel.instants import Instant
from hkeid.signing.legal.context import LegalContext
from hkeid.signing.legal.facts import CertificateFacts, SignatureFacts, TechnicalVerdict
from hkeid.signing.legal.opinion import LegalReason, defeats, leaves_open, note, supports
from hkeid.signing.legal.questions import Question
from hkeid.signing.legal.recognition import recognised_certificate
from hkeid.signing.legal.trust_list import TrustList

PRIVATE = "s.6(1)"
GOVERNMENT = "s.6(1A)"
_PARTY = "context.government_party"

# Both limbs of section 6 came into operation on this day (14 of 2004); before, every signature that a
# rule of law required had to be a digital one, with a recognised certificate.
_IN_FORCE = datetime(2004, 6, 30, tzinfo=timezone(timedelta(hours=8)))

_DIGITAL = Question(
    fact="signature.digital_signature",
    section="s.2(1), s.6(1A)",
    yes="digital_signature",
    no="not_a_digital_signature",
    missing="digital_signature_missing",
)
_RELIABLE = Question(
    fact="context.method_reliable",
    section="s.6(1)(d)",
    yes="method_reliable",
    no="method_not_reliable",
    missing="method_reliable_missing",
)
_CONSENT = Question(
    fact="context.recipient_consents",
    section="s.6(1)(e)",
    yes="method_consented",
    no="method_consent_refused",
    missing="method_consent_missing",
)


def section_of(context: LegalContext) -> str:
    """The limb of section 6 that decides."""
    if context.government_party is None:
        return "s.6"
    return GOVERNMENT if context.government_party else PRIVATE


def signature(
    facts: SignatureFacts, context: LegalContext, trust_list: TrustList, at: Instant
) -> Iterator[LegalReason]:
    """Whether the signature satisfies a requirement of a signature."""
    yield _technical(facts)
    yield from _earlier_law(facts)
    if context.government_party is None:
        yield leaves_open("government_party_missing", "s.6(1)(b), s.6(1A)(b)", missing=(_PARTY,))
    elif context.government_party:
        yield supports("government_party", "s.6(1A)(b)", _PARTY)
        yield _DIGITAL.reason(answer=facts.digital_signature)
        yield from recognised_certificate(facts, context, trust_list, at)
    else:
        yield supports("private_parties", "s.6(1)(b)", _PARTY)
        yield from _private(facts, context)
    if facts.certificate is not None:
        yield from _notes(facts.certificate, context)


def _technical(facts: SignatureFacts) -> LegalReason:
    """A signature that fails technically satisfies nothing, whoever agreed to what."""
    section = "s.2(1)"
    fact = "signature.technical"
    if facts.technical is None:
        return leaves_open("technical_missing", section, missing=(fact,))
    if facts.technical is TechnicalVerdict.INVALID:
        return defeats("signature_invalid", section, fact)
    if facts.technical is TechnicalVerdict.INDETERMINATE:
        return leaves_open("signature_indeterminate", section, fact)
    return supports("signature_valid", section, fact)


def _earlier_law(facts: SignatureFacts) -> Iterator[LegalReason]:
    made = facts.claimed_time if facts.proved_time is None else facts.proved_time
    if made is not None and made < _IN_FORCE:
        fact = "claimed_time" if facts.proved_time is None else "proved_time"
        yield leaves_open("earlier_law", "s.6", f"signature.{fact}")


def _private(facts: SignatureFacts, context: LegalContext) -> Iterator[LegalReason]:
    section = "s.6(1)(c)"
    if facts.certificate is None:
        yield leaves_open("certificate_missing", section, missing=("signature.certificate",))
    else:
        who = facts.certificate.subject
        yield supports("signer_identified", section, "certificate.subject", subject=who)
        if facts.certificate.embedded_authority:
            yield note("embedded_authority_private", "s.2(1)", "certificate.embedded_authority")
    yield _RELIABLE.reason(answer=context.method_reliable)
    yield _CONSENT.reason(answer=context.recipient_consents)


def _notes(certificate: CertificateFacts, context: LegalContext) -> Iterator[LegalReason]:
    """Limits of what the authority answers for (s.41, s.42), and age; they decide no formality."""
    if context.signer_is_minor:
        yield note("minor_signer", "general law", "context.signer_is_minor")
    limit = certificate.reliance_limit_hkd
    amount = context.amount_hkd
    if limit is not None and amount is not None and amount > limit:
        yield note(
            "reliance_limit_exceeded",
            "s.42(2)",
            "certificate.reliance_limit_hkd",
            "context.amount_hkd",
            limit=f"{limit:,}",
            amount=f"{amount:,}",
        )
    elif limit == 0:
        yield note("reliance_limit_zero", "s.42(2)", "certificate.reliance_limit_hkd")
