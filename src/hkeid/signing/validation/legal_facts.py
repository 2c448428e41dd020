"""From a validated signature to the facts that Cap. 553 asks for."""

from __future__ import annotations

from collections.abc import Sequence

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.ports.pdf_validation import Coverage, ExaminedSignature, Indication, SignatureKind
from hkeid.signing.legal import (
    CertificateFacts,
    LegalContext,
    LegalOpinion,
    RevocationStatus,
    SignatureFacts,
    TechnicalVerdict,
    certificate_facts,
    judge_cap553,
)
from hkeid.signing.validation.gate import Judgement
from hkeid.signing.validation.trust import ValidationTrust

_VERDICTS = {
    Indication.TOTAL_PASSED: TechnicalVerdict.VALID,
    Indication.TOTAL_FAILED: TechnicalVerdict.INVALID,
    Indication.INDETERMINATE: TechnicalVerdict.INDETERMINATE,
}


def times_of(
    one: ExaminedSignature,
    signatures: Sequence[ExaminedSignature],
    judged: Sequence[Judgement],
) -> tuple[Instant | None, Instant | None]:
    """Before when a signature is proved to have existed, and before when it cannot have been made: from its
    own time-stamps and those over the document, later and earlier ones.
    """
    latest = [] if one.proved_time is None else [one.proved_time]
    earliest = []
    for other, judgement in zip(signatures, judged, strict=True):
        if (
            other.kind is SignatureKind.DOCUMENT_TIMESTAMP
            and judgement.indication is Indication.TOTAL_PASSED
            and other.proved_time is not None
        ):
            if other.number > one.number:
                latest.append(other.proved_time)
            elif other.number < one.number:
                earliest.append(other.proved_time)
    proved = min(latest, default=None)
    after = max(earliest, default=None)
    # Clocks that contradict each other prove no beginning.
    return proved, None if proved is not None and after is not None and after > proved else after


def opinion_on(
    one: ExaminedSignature,
    judgement: Judgement,
    times: tuple[Instant | None, Instant | None],
    trust: ValidationTrust,
    context: LegalContext,
    at: Instant,
) -> LegalOpinion:
    """What Cap. 553 makes of a signature."""
    facts = SignatureFacts(
        technical=_VERDICTS[judgement.indication],
        digital_signature=True if one.certificate is not None and not one.failure else None,
        certificate=_certificate(one, trust),
        claimed_time=one.claimed_time,
        proved_time=times[0],
        not_earlier_than=times[1],
        covers_whole_document=_covers(one, judgement),
        changed_after_signing=None if one.failure else one.coverage is not Coverage.FILE,
    )
    return judge_cap553(facts, context, trust.recognised, at)


def _covers(one: ExaminedSignature, judgement: Judgement) -> bool | None:
    """What the gate lets pass after a signature is material and endorsements, no part of what was signed."""
    if one.failure:
        return None
    if one.coverage is Coverage.REVISION:
        return judgement.indication is Indication.TOTAL_PASSED
    return one.coverage is Coverage.FILE


def _certificate(one: ExaminedSignature, trust: ValidationTrust) -> CertificateFacts | None:
    if one.certificate is None:
        return None
    embedded = trust.is_embedded(one.chain or one.certificates)
    issuer = one.chain[1] if len(one.chain) > 1 else None
    for above in (issuer, None):
        try:
            return certificate_facts(
                one.certificate,
                issuer=above,
                revocation=_revocation(one),
                revoked_at=one.revoked_at,
                embedded_authority=embedded,
            )
        except MalformedInput:
            continue
    return None


def _revocation(one: ExaminedSignature) -> RevocationStatus:
    if one.revoked_at is not None:
        return RevocationStatus.REVOKED
    return RevocationStatus.GOOD if one.revocation_checked else RevocationStatus.UNKNOWN
