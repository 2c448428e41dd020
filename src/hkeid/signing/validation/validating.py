"""Validating a document: look, judge, and say what the law makes of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hkeid.kernel.errors import HkeidError, MalformedInput, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationSource, ValidationMaterial
from hkeid.ports.pdf_validation import (
    ExaminationRequest,
    ExaminedDocument,
    ExaminedSignature,
    Indication,
    PdfValidator,
    SignatureKind,
)
from hkeid.signing.certificates.reading import read_certificate
from hkeid.signing.defaults import default_validator, present
from hkeid.signing.input_policy import LARGEST
from hkeid.signing.legal import LegalContext, TrustList
from hkeid.signing.validation.findings import Finding, FindingCode, found
from hkeid.signing.validation.gate import (
    judge_document,
    judge_signatures,
    unsound_timestamps,
)
from hkeid.signing.validation.legal_facts import opinion_on, times_of
from hkeid.signing.validation.report import SignatureReport, ValidationReport, signature_end
from hkeid.signing.validation.trust import ValidationTrust

_BUSY = "pdf_validator_busy"
_LONGEST_CHAIN = 8
_MOST_CHAINS = 16
"""Chains that a source is asked about: whoever made the file chose how many there are."""
_NOTHING = ExaminedDocument(revisions=0, hybrid=False, encrypted=False, signatures=())


def validate_pdf(
    pdf: bytes,
    *,
    trust: ValidationTrust | TrustList,
    legal: LegalContext | None = None,
    revocation: RevocationSource | None = None,
    validator: PdfValidator | None = None,
    at: Instant | None = None,
    largest: int = LARGEST,
) -> ValidationReport:
    """Validate every signature of a PDF (ETSI EN 319 102-1, ETSI EN 319 142-1), for the document as it is.

    Whatever is in the file, there is a report: what cannot be examined is indeterminate, and says why.

    :param trust: certificates that chains may end in; or a list of recognised authorities, whose keys then
        count.
    :param legal: the circumstances, for the opinion under Cap. 553; None for no opinion.
    :param revocation: asked about chains that the file brings no sufficient evidence for.
    :param validator: :func:`hkeid.adapters.pdf.default_validator` where none is named.
    :param at: the time of validation; now, where none is named.
    :param largest: most bytes.
    :raises hkeid.kernel.errors.Unavailable: ``pdf_validator_busy``: nothing was looked at yet.
    :raises hkeid.kernel.errors.MissingExtra: ``hkeid[signing]`` is not installed.
    """
    now = at or present()
    trusted = ValidationTrust.in_list(trust) if isinstance(trust, TrustList) else trust
    if len(pdf) > largest:
        return _report(pdf, _NOTHING, trusted, None, now, (found(FindingCode.DOCUMENT_TOO_LARGE),))
    chosen = validator or default_validator()
    try:
        document, notes = _examined(pdf, trusted, revocation, chosen, now)
    except MalformedInput as error:
        locked = error.reason == "pdf_locked"
        failure = found(FindingCode.DOCUMENT_LOCKED if locked else FindingCode.DOCUMENT_UNREADABLE)
        return _report(pdf, _NOTHING, trusted, None, now, (failure,))
    except Unavailable as error:
        if error.reason == _BUSY:
            raise
        failure = found(FindingCode.VALIDATOR_FAILED)
        return _report(pdf, _NOTHING, trusted, None, now, (failure,))
    findings = (*judge_document(pdf, document), *notes)
    return _report(pdf, document, trusted, legal, now, findings)


def _examined(
    pdf: bytes,
    trust: ValidationTrust,
    revocation: RevocationSource | None,
    validator: PdfValidator,
    at: Instant,
) -> tuple[ExaminedDocument, tuple[Finding, ...]]:
    """Once, and once more where a source knows what the file does not say."""
    request = ExaminationRequest(
        at=at,
        anchors=trust.anchors,
        anchor_keys=trust.anchor_keys,
        timestamp_anchors=trust.timestamp_anchors,
        material=trust.material,
    )
    document = validator.examine((pdf,), request)
    if revocation is None:
        return document, ()
    wanting = [one for one in document.signatures if _wants_evidence(one)]
    try:
        material = _asked(wanting, trust.material, revocation, at)
    except HkeidError:
        return document, (found(FindingCode.REVOCATION_UNAVAILABLE),)
    if material == trust.material:
        return document, ()
    return validator.examine((pdf,), replace(request, material=material)), ()


def _wants_evidence(one: ExaminedSignature) -> bool:
    """It fails for nothing but evidence, or passes without."""
    if one.failure or one.intact is False or one.genuine is False:
        return False
    return not one.revocation_checked and one.indication is not Indication.TOTAL_FAILED


def _asked(
    signatures: list[ExaminedSignature],
    given: ValidationMaterial,
    source: RevocationSource,
    at: Instant,
) -> ValidationMaterial:
    """What the source says of the chains, each once, time-stamp authorities' included."""
    chains = [one.chain or _chain(one) for one in signatures]
    chains += [stamp.chain for one in signatures for stamp in one.timestamps]
    wanted = [chain for chain in dict.fromkeys(chains) if chain][:_MOST_CHAINS]
    return ValidationMaterial.joined(given, *(source.material(chain, at) for chain in wanted))


def _chain(one: ExaminedSignature) -> tuple[bytes, ...]:
    """The signer's certificate and those that issued it, as far as they are at hand; nobody trusts them
    yet.
    """
    if one.certificate is None:
        return ()
    try:
        last = read_certificate(one.certificate)
        others = [read_certificate(each) for each in one.certificates]
    except MalformedInput:
        return (one.certificate,)
    chain = [last.encoded]
    while len(chain) < _LONGEST_CHAIN:
        above = next(
            (each for each in others if each.encoded not in chain and last.issued_by(each)), None
        )
        if above is None:
            break
        last = above
        chain.append(above.encoded)
    return tuple(chain)


def _report(
    pdf: bytes,
    document: ExaminedDocument,
    trust: ValidationTrust,
    legal: LegalContext | None,
    at: Instant,
    findings: tuple[Finding, ...],
) -> ValidationReport:
    judged = judge_signatures(pdf, document)
    stamps = unsound_timestamps(document.signatures, judged)
    if stamps:
        findings = (*findings, found(FindingCode.DOCUMENT_TIMESTAMP_NOT_VALID, fields=stamps))
    entries = []
    for seen, judgement in zip(document.signatures, judged, strict=True):
        times = times_of(seen, document.signatures, judged)
        opinion = None
        if legal is not None and seen.kind is SignatureKind.SIGNATURE:
            opinion = opinion_on(seen, judgement, times, trust, legal, at)
        entries.append(
            SignatureReport(
                indication=judgement.indication,
                sub_indication=judgement.sub_indication,
                findings=judgement.findings,
                observed=seen,
                proved_time=times[0],
                not_earlier_than=times[1],
                end=signature_end(seen, len(pdf)),
                cap553=opinion,
            )
        )
    return ValidationReport(
        validated_at=at,
        digest=hashlib.sha256(pdf).hexdigest(),
        size=len(pdf),
        revisions=document.revisions,
        document_findings=findings,
        entries=tuple(entries),
    )
