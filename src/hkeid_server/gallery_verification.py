"""Sample pages of checking a signed document, for the gallery: reports on invented observations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from hkeid.ports.pdf_validation import (
    Coverage,
    ExaminedSignature,
    ExaminedTimestamp,
    FieldChange,
    FieldEvent,
    FieldPlace,
    Indication,
    Look,
    Modification,
    RevocationRecord,
    SignatureKind,
)
from hkeid.signing.legal import TrustList, shipped_trust_list
from hkeid.signing.validation import (
    Finding,
    FindingCode,
    SignatureReport,
    ValidationReport,
    with_opinions,
)
from hkeid.signing.validation.findings import found
from hkeid_server.verification_content import legal_answers, report_page, verify_page

_NOON = datetime(2026, 11, 23, 4, 5, tzinfo=UTC)
_NAME = "Signature1"
_SEEN = ExaminedSignature(
    field=_NAME,
    kind=SignatureKind.SIGNATURE,
    detached=True,
    same_in_revision=True,
    intact=True,
    genuine=True,
    indication=Indication.TOTAL_PASSED,
    sub_indication="",
    level="B-LTA",
    hash_name="sha256",
    algorithm="ecdsa",
    claimed_time=_NOON,
    proved_time=_NOON + timedelta(minutes=1),
    timestamps=(
        ExaminedTimestamp(
            time=_NOON + timedelta(minutes=1),
            indication=Indication.TOTAL_PASSED,
            sub_indication="",
        ),
    ),
    revocation_checked=True,
    revocation=(
        RevocationRecord(
            kind="ocsp",
            issuer="CN=SPECIMEN OCSP",
            this_update=_NOON,
            next_update=_NOON + timedelta(days=7),
            about_signer=True,
            encoded=b"",
        ),
    ),
    reason="同意條款 I agree to the terms",
    coverage=Coverage.REVISION,
    modification=Modification.LONG_TERM,
    look=Look.SAME,
    permitted=True,
)
_CHANGES = (
    FieldChange(
        name="amount",
        kind="Tx",
        event=FieldEvent.VALUE,
        places=(FieldPlace(page=0, box=(10, 10, 90, 30)),),
        before="HK$1,000",
        after="HK$91,000",
    ),
    FieldChange(name="approved", kind="Btn", event=FieldEvent.ADDED),
)


def _report(*entries: SignatureReport, document: tuple[Finding, ...] = ()) -> ValidationReport:
    return ValidationReport(
        validated_at=_NOON + timedelta(days=3),
        digest="9f86d081884c7d659a2feaa0c55ad015" * 2,
        size=48_213,
        revisions=3,
        document_findings=document,
        entries=entries,
    )


def _entry(seen: ExaminedSignature, *findings: Finding) -> SignatureReport:
    worst = next((one for one in findings if one.indication is not Indication.TOTAL_PASSED), None)
    return SignatureReport(
        indication=Indication.TOTAL_PASSED if worst is None else worst.indication,
        sub_indication="" if worst is None else worst.sub_indication,
        findings=findings,
        observed=seen,
        proved_time=seen.proved_time,
        end=40_000,
    )


def _valid() -> ValidationReport:
    stamp = replace(
        _SEEN,
        field="Timestamp1",
        kind=SignatureKind.DOCUMENT_TIMESTAMP,
        coverage=Coverage.FILE,
        reason="",
    )
    return _report(_entry(_SEEN, found(FindingCode.LONG_TERM_ADDED, _NAME)), _entry(stamp))


def _changed() -> ValidationReport:
    seen = replace(
        _SEEN,
        modification=Modification.OTHER,
        changes=_CHANGES,
        look=Look.DIFFERENT,
        changed_pages=(0,),
        revoked_at=_NOON + timedelta(days=2),
    )
    return _report(
        _entry(
            seen,
            found(FindingCode.LOOK_CHANGED, _NAME),
            found(FindingCode.FIELDS_CHANGED, _NAME, fields=("amount", "approved")),
        )
    )


def _open() -> ValidationReport:
    seen = replace(_SEEN, coverage=Coverage.FILE, proved_time=None, revocation_checked=False)
    return _report(
        _entry(
            seen,
            found(FindingCode.CHAIN_NOT_TRUSTED, _NAME),
            found(FindingCode.TIME_ONLY_CLAIMED, _NAME),
        )
    )


def _unsigned() -> ValidationReport:
    return _report(document=(found(FindingCode.SIGNATURE_ABSENT),))


def _unreadable() -> ValidationReport:
    return _report(document=(found(FindingCode.DOCUMENT_UNREADABLE),))


def verification_samples() -> dict[str, tuple[str, Callable[[], object]]]:
    """Template and page of each sample, by name."""
    trust: TrustList = shipped_trust_list()

    def choose(problem: str | None = None) -> object:
        return verify_page(legal_answers({})[0], problem)

    def report(make: Callable[[], ValidationReport], **said: str) -> object:
        problem = said.pop("problem", None)
        answers, context = legal_answers(said)
        judged = with_opinions(make(), trust, context)
        return report_page(judged, "sealed", answers, problem=problem)

    page = "verify/report.html"
    answered = {"government_party": "no", "document_type": "contract", "ordinance": "Kap. 9"}
    return {
        "verify": ("verify/choose.html", choose),
        **{
            f"verify-{name}": ("verify/choose.html", partial(choose, name))
            for name in ("empty", "large", "busy", "attempts", "expired")
        },
        "verify-valid": (page, partial(report, _valid)),
        "verify-changed": (page, partial(report, _changed, **answered)),
        "verify-other-file": (page, partial(report, _changed, problem="other-file")),
        "verify-open": (page, partial(report, _open)),
        "verify-unsigned": (page, partial(report, _unsigned)),
        "verify-unreadable": (page, partial(report, _unreadable)),
    }
