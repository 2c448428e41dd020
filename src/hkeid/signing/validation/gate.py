"""The gate: what was seen of a file becomes findings, and findings alone make the verdict.

A signature passes only if its cryptography does, it covers its whole revision, and everything that came later is
validation material or another good signature in a place that the signed revision kept free, with the same look
everywhere else. pyHanko's own difference policy accepts a Shadow attack that fills in a form; this does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hkeid.ports.pdf_validation import (
    Coverage,
    ExaminedDocument,
    ExaminedSignature,
    FieldChange,
    FieldEvent,
    Indication,
    Look,
    Modification,
    SignatureKind,
)
from hkeid.signing.validation.byte_checks import (
    continues_after,
    gap_is_signature,
    is_framed,
    padding_is_empty,
    revision_end,
)
from hkeid.signing.validation.findings import Finding, FindingCode, FindingEffect, found

LARGEST_SHARE = 0.25
"""Of a page that a later signature may take."""

_WHOLE = {Coverage.REVISION, Coverage.FILE}
_BY_SUB_INDICATION = {
    "REVOKED": FindingCode.CERTIFICATE_REVOKED,
    "REVOKED_NO_POE": FindingCode.CERTIFICATE_REVOKED,
    "REVOKED_CA_NO_POE": FindingCode.CERTIFICATE_REVOKED,
    "NO_CERTIFICATE_CHAIN_FOUND": FindingCode.CHAIN_NOT_TRUSTED,
    "NO_SIGNING_CERTIFICATE_FOUND": FindingCode.CHAIN_NOT_TRUSTED,
    "CERTIFICATE_CHAIN_GENERAL_FAILURE": FindingCode.CHAIN_NOT_TRUSTED,
    "CHAIN_CONSTRAINTS_FAILURE": FindingCode.CERTIFICATE_UNFIT,
    "SIG_CONSTRAINTS_FAILURE": FindingCode.SIGNATURE_UNDETERMINED,
    "EXPIRED": FindingCode.CERTIFICATE_OUT_OF_TIME,
    "NOT_YET_VALID": FindingCode.CERTIFICATE_OUT_OF_TIME,
    "OUT_OF_BOUNDS_NO_POE": FindingCode.CERTIFICATE_OUT_OF_TIME,
    "OUT_OF_BOUNDS_NOT_REVOKED": FindingCode.CERTIFICATE_OUT_OF_TIME,
    "TRY_LATER": FindingCode.REVOCATION_MISSING,
    "REVOCATION_OUT_OF_BOUNDS_NO_POE": FindingCode.REVOCATION_MISSING,
    "CRYPTO_CONSTRAINTS_FAILURE": FindingCode.ALGORITHM_WEAK,
    "CRYPTO_CONSTRAINTS_FAILURE_NO_POE": FindingCode.ALGORITHM_WEAK,
}

_UNREAD = {
    "signature_unreadable": FindingCode.SIGNATURE_UNREADABLE,
    "format_unsupported": FindingCode.FORMAT_UNSUPPORTED,
    "algorithm_unknown": FindingCode.ALGORITHM_UNKNOWN,
    "certificate_absent": FindingCode.CERTIFICATE_ABSENT,
}
"""Failures of a signature of which nothing more can be said."""
_FAILED = {
    "integrity_unreadable": FindingCode.INTEGRITY_UNREADABLE,
    "certificate_malformed": FindingCode.CERTIFICATE_MALFORMED,
}
_LATER = "TRY_LATER"
_UNTRUSTED = {"NO_CERTIFICATE_CHAIN_FOUND", "CERTIFICATE_CHAIN_GENERAL_FAILURE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on one signature, and what made it."""

    indication: Indication
    sub_indication: str
    findings: tuple[Finding, ...]


def judge_document(pdf: bytes, document: ExaminedDocument) -> tuple[Finding, ...]:
    """What concerns the file as a whole."""
    return tuple(_document(pdf, document))


def judge_signatures(pdf: bytes, document: ExaminedDocument) -> tuple[Judgement, ...]:
    """A verdict for each signature, document time-stamps included, in the same order."""
    own = [tuple(_alone(pdf, one)) for one in document.signatures]
    # Two fields may have one name: it is sound if both are.
    sound = {one.field for one in document.signatures} - {
        one.field
        for one, findings in zip(document.signatures, own, strict=True)
        if verdict_of(findings)[0] is not Indication.TOTAL_PASSED
    }
    by_field = {one.field: one for one in document.signatures}
    judged = []
    for one, findings in zip(document.signatures, own, strict=True):
        whole = (*findings, *_afterwards(pdf, one, by_field, sound))
        indication, sub = verdict_of(whole)
        judged.append(Judgement(indication=indication, sub_indication=sub, findings=whole))
    return tuple(judged)


def verdict_of(findings: Collection[Finding]) -> tuple[Indication, str]:
    """The worst of what was found; of several equally bad things the first names the reason."""
    for indication in (Indication.TOTAL_FAILED, Indication.INDETERMINATE):
        for one in findings:
            if one.indication is indication:
                return indication, one.sub_indication
    return Indication.TOTAL_PASSED, ""


def _document(pdf: bytes, document: ExaminedDocument) -> Iterator[Finding]:
    if not is_framed(pdf):
        yield found(FindingCode.TRAILING_BYTES)
    if document.hybrid:
        yield found(FindingCode.HYBRID_CROSS_REFERENCE)
    if any(not one.strict for one in document.signatures):
        yield found(FindingCode.READ_LENIENTLY)
    if not any(one.kind is SignatureKind.SIGNATURE for one in document.signatures):
        yield found(FindingCode.SIGNATURE_ABSENT)


def _alone(pdf: bytes, one: ExaminedSignature) -> Iterator[Finding]:
    """What holds whatever came later."""
    name = one.field
    if one.also_in:
        yield found(FindingCode.SIGNATURE_IN_TWO_FIELDS, name, fields=(one.field, *one.also_in))
    if one.failure in _UNREAD:
        yield found(_UNREAD[one.failure], name)
        return
    yield from _coverage(pdf, one)
    if one.failure:
        yield found(_FAILED.get(one.failure, FindingCode.VALIDATION_FAILED), name)
        return
    yield from _validity(one)


def _coverage(pdf: bytes, one: ExaminedSignature) -> Iterator[Finding]:
    name = one.field
    end = revision_end(one.byte_range, len(pdf))
    if (
        end is None
        or not gap_is_signature(pdf, one.byte_range, one.contents)
        or (one.coverage is Coverage.FILE and end != len(pdf))
    ):
        yield found(FindingCode.RANGE_MALFORMED, name)
    elif not one.failure and one.coverage not in _WHOLE:
        yield found(FindingCode.COVERAGE_PARTIAL, name)
    if one.same_in_revision is False:
        yield found(FindingCode.ENTRIES_DIFFER, name)
    elif one.same_in_revision is None:
        yield found(FindingCode.REVISION_UNREADABLE, name)
    if not one.detached:
        yield found(FindingCode.CMS_NOT_DETACHED, name)
    if not padding_is_empty(one.contents):
        yield found(FindingCode.PADDING_NOT_EMPTY, name)


def _validity(one: ExaminedSignature) -> Iterator[Finding]:
    """The result of the AdES engine."""
    if one.intact is False:
        yield found(FindingCode.DIGEST_MISMATCH, one.field)
    elif one.genuine is False:
        yield found(FindingCode.SIGNATURE_VALUE_WRONG, one.field)
    elif one.indication is Indication.TOTAL_PASSED:
        yield from _notes(one)
    else:
        yield found(
            _code(one),
            one.field,
            effect=FindingEffect.FAILS
            if one.indication is Indication.TOTAL_FAILED
            else FindingEffect.OPEN,
            sub_indication=one.sub_indication,
        )


def _notes(one: ExaminedSignature) -> Iterator[Finding]:
    if not one.revocation_checked:
        yield found(FindingCode.REVOCATION_UNCHECKED, one.field)
    if one.kind is SignatureKind.SIGNATURE and one.proved_time is None:
        yield found(FindingCode.TIME_ONLY_CLAIMED, one.field)


def _code(one: ExaminedSignature) -> FindingCode:
    failing = [stamp for stamp in one.timestamps if stamp.indication is not Indication.TOTAL_PASSED]
    stamp = bool(failing) and failing[0].sub_indication == one.sub_indication
    if stamp and one.sub_indication in _UNTRUSTED:
        return FindingCode.TIMESTAMP_NOT_TRUSTED
    if stamp and one.sub_indication != _LATER:
        return FindingCode.TIMESTAMP_WRONG
    usual = (
        FindingCode.SIGNATURE_FAILED
        if one.indication is Indication.TOTAL_FAILED
        else FindingCode.SIGNATURE_UNDETERMINED
    )
    return _BY_SUB_INDICATION.get(one.sub_indication, usual)


def _afterwards(
    pdf: bytes,
    one: ExaminedSignature,
    others: Mapping[str, ExaminedSignature],
    sound: Collection[str],
) -> Iterator[Finding]:
    """What came later, and whether it may stand."""
    if one.coverage is not Coverage.REVISION:
        return
    name = one.field
    if one.look is Look.PAGES_DIFFER:
        yield found(FindingCode.PAGES_CHANGED, name)
    elif one.look is Look.DIFFERENT:
        yield found(FindingCode.LOOK_CHANGED, name)
    elif one.look is Look.UNKNOWN:
        yield found(FindingCode.LOOK_UNKNOWN, name)
    end = revision_end(one.byte_range, len(pdf))
    match one.modification:
        case _ if end is not None and not continues_after(pdf, end):
            yield found(FindingCode.CHANGE_UNEXPLAINED, name)
        case Modification.NONE:
            # Bytes were added, and no reader of ours found what for.
            yield found(FindingCode.CHANGE_UNEXPLAINED, name)
        case Modification.UNKNOWN:
            yield found(FindingCode.CHANGES_UNKNOWN, name)
        case Modification.OTHER | Modification.ANNOTATIONS:
            code = FindingCode.CHANGE_UNEXPLAINED
            yield found(code if one.certification is None else FindingCode.CHANGE_FORBIDDEN, name)
        case _ if one.permitted is False:
            yield found(FindingCode.CHANGE_FORBIDDEN, name)
    yield from _fields(one, others, sound)


def _fields(
    one: ExaminedSignature, others: Mapping[str, ExaminedSignature], sound: Collection[str]
) -> Iterator[Finding]:
    """The exception for several signers: nothing but other signatures, good, and in free places."""
    name = one.field
    stamps = {change.name for change in one.changes if _is_stamp(change, others)}
    signed = {
        change.name: change
        for change in one.changes
        if change.name not in stamps and _is_signature(change, others)
    }
    rest = [change.name for change in one.changes if change.name not in stamps | signed.keys()]
    rest += [field for field in one.touched if field not in stamps | signed.keys() | set(rest)]
    if rest:
        yield found(FindingCode.FIELDS_CHANGED, name, fields=tuple(rest))
    broken = tuple(field for field in signed if field not in sound)
    if broken:
        yield found(FindingCode.LATER_SIGNATURE_NOT_VALID, name, fields=broken)
    covering = tuple(field for field, change in signed.items() if _covers(change))
    if covering:
        yield found(FindingCode.LATER_SIGNATURE_COVERS, name, fields=covering)
    if one.modification is Modification.FORM_FILLING and not (signed or rest or stamps):
        yield found(FindingCode.CHANGE_UNEXPLAINED, name)
    if signed:
        yield found(FindingCode.SIGNED_LATER, name, fields=tuple(signed))
    elif one.modification is Modification.LONG_TERM or (
        # A time-stamp whose dictionary calls itself a signature (ISO 32000-1 had no other name) in a new
        # field that is seen nowhere.
        one.modification is Modification.FORM_FILLING and stamps and not rest
    ):
        yield found(FindingCode.LONG_TERM_ADDED, name)


def _is_stamp(change: FieldChange, others: Mapping[str, ExaminedSignature]) -> bool:
    """A document time-stamp, which is seen nowhere; whether it is good is another question."""
    other = others.get(change.name)
    return (
        other is not None
        and other.kind is SignatureKind.DOCUMENT_TIMESTAMP
        and change.event is FieldEvent.ADDED
        and not change.places
    )


def _is_signature(change: FieldChange, others: Mapping[str, ExaminedSignature]) -> bool:
    """A signature in a field that was there and empty, or in a new one that is seen nowhere."""
    if change.kind != "Sig" or change.name not in others:
        return False
    new = change.event is FieldEvent.ADDED and not change.places
    return change.event is FieldEvent.SIGNED or new


def _covers(change: FieldChange) -> bool:
    return any(place.covers_content or place.share > LARGEST_SHARE for place in change.places)


def unsound_timestamps(
    signatures: Sequence[ExaminedSignature], judged: Sequence[Judgement]
) -> tuple[str, ...]:
    """Fields of document time-stamps that are not valid."""
    return tuple(
        one.field
        for one, judgement in zip(signatures, judged, strict=True)
        if one.kind is SignatureKind.DOCUMENT_TIMESTAMP
        and judgement.indication is not Indication.TOTAL_PASSED
    )
