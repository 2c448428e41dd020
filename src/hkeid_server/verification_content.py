"""What stands on the pages on which a signed document is checked: from the report to their models."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography import x509

from hkeid.identity.language import Language
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.pdf_validation import Coverage, FieldChange, FieldEvent, Indication
from hkeid.signing.legal import (
    COMMON_LAW,
    LegalContext,
    LegalOpinion,
    opinion_words,
    shipped_exclusions,
)
from hkeid.signing.validation import Finding, FindingCode, SignatureReport, ValidationReport
from hkeid.signing.validation.rendering import plain
from hkeid.signing.validation.report import common_name
from hkeid_server.intake import PDF_LIMIT
from hkeid_server.shell import language
from hkeid_server.verification_models import (
    TRISTATES,
    CertificateLine,
    ChangeLine,
    EvidenceLine,
    FindingLine,
    LegalAnswers,
    MissingLine,
    OpinionCard,
    ReasonLine,
    ReportPage,
    SignatureCard,
    VerifyPage,
)

LIMIT = PDF_LIMIT // (1024 * 1024)
_VERDICTS = {
    Indication.TOTAL_PASSED: "valid",
    Indication.TOTAL_FAILED: "invalid",
    Indication.INDETERMINATE: "open",
}
_UNREADABLE = {
    FindingCode.DOCUMENT_UNREADABLE,
    FindingCode.DOCUMENT_TOO_LARGE,
    FindingCode.VALIDATOR_FAILED,
}
_ANSWERS = {"yes": True, "no": False}
_LONGEST = 40
_ASKED = {f"context.{name}": name for name in (*TRISTATES, "document_type", "ordinance")}


def verify_page(answers: LegalAnswers, problem: str | None = None) -> VerifyPage:
    """Choose a document."""
    return VerifyPage(problem=problem, limit=LIMIT, answers=answers)


def legal_answers(form: Mapping[str, str]) -> tuple[LegalAnswers, LegalContext]:
    """What was answered, and what it means; an answer that cannot be meant counts as not known."""
    said = {name: form[name] for name in TRISTATES if form.get(name) in _ANSWERS}
    types = tuple(shipped_exclusions().document_types)
    kind = form.get("document_type", "")
    ordinance, wrong = form.get("ordinance", "").strip()[:_LONGEST], ""
    facts: dict[str, object] = {name: _ANSWERS[word] for name, word in said.items()}
    if kind in types:
        facts["document_type"] = kind
    common_law = form.get("common_law") == "yes"
    if common_law:
        facts["ordinance"] = COMMON_LAW
    elif ordinance:
        try:
            LegalContext(ordinance=ordinance)
            facts["ordinance"] = ordinance
        except MalformedInput:
            wrong = "ordinance"
    answers = LegalAnswers(
        tristates=said,
        document_type=kind if kind in types else "",
        document_types=types,
        ordinance=ordinance,
        common_law=common_law,
        wrong=wrong,
    )
    return answers, LegalContext.from_mapping(facts)


def report_page(
    report: ValidationReport, sealed: str, answers: LegalAnswers, *, problem: str | None = None
) -> ReportPage:
    """The report."""
    spoken = Language.parse(language().content)
    stamps = frozenset(one.field_name for one in report.document_timestamps)
    cards = tuple(
        _card(number, one, stamps, spoken) for number, one in enumerate(report.entries, 1)
    )
    digits = report.digest
    return ReportPage(
        verdict=_overall(report),
        indication=report.indication.name.replace("_", "-"),
        sub_indication=report.sub_indication,
        signatures=tuple(one for one in cards if one.kind == "signature"),
        timestamps=tuple(one for one in cards if one.kind != "signature"),
        findings=_findings(report.document_findings, spoken),
        fingerprint=" ".join(digits[at : at + 4] for at in range(0, len(digits), 4)),
        size=-(-report.size // 1024),
        revisions=report.revisions,
        validated_at=report.validated_at,
        sealed=sealed,
        answers=answers,
        problem=problem,
        limit=LIMIT,
    )


def _overall(report: ValidationReport) -> str:
    codes = {one.code for one in report.document_findings}
    if codes & _UNREADABLE:
        return "unreadable"
    if not report.signatures:
        return "unsigned"
    return _VERDICTS[report.indication]


def _card(
    number: int, one: SignatureReport, stamps: frozenset[str], spoken: Language
) -> SignatureCard:
    seen = one.observed
    return SignatureCard(
        number=number,
        kind=one.kind.value,
        field=plain(one.field_name),
        verdict=_VERDICTS[one.indication],
        indication=one.indication.name.replace("_", "-"),
        sub_indication=one.sub_indication,
        signer=plain(one.signer_name),
        issuer=plain(common_name(seen.chain[1] if len(seen.chain) > 1 else None)),
        trusted=bool(seen.chain),
        level=seen.level,
        integrity=_integrity(one),
        claimed=seen.claimed_time,
        proved=one.proved_time,
        not_earlier_than=one.not_earlier_than,
        reason=plain(seen.reason),
        location=plain(seen.location),
        certification=seen.certification,
        findings=_findings(one.findings, spoken),
        changes=tuple(_change(change, stamps) for change in one.changes),
        changed_pages=tuple(page + 1 for page in seen.changed_pages),
        revisable=one.end is not None and seen.coverage is not Coverage.FILE,
        covered=one.end,
        revision=seen.number + 1,
        revocation=_revocation(one),
        revoked_at=seen.revoked_at,
        chain=tuple(_certificate(each) for each in seen.chain),
        evidence=_evidence(one),
        algorithm=" · ".join(filter(None, (seen.algorithm, seen.hash_name))),
        opinion=None if one.cap553 is None else _opinion(one.cap553, spoken),
    )


def _change(change: FieldChange, stamps: frozenset[str]) -> ChangeLine:
    stamped = change.event is FieldEvent.ADDED and change.name in stamps and not change.places
    return ChangeLine(
        field=plain(change.name),
        event="timestamp" if stamped else change.event.value,
        before=plain(change.before),
        after=plain(change.after),
        pages=tuple(sorted({place.page + 1 for place in change.places})),
    )


def _integrity(one: SignatureReport) -> str:
    """What the covered bytes say, and whether there are others."""
    seen = one.observed
    if seen.intact is False:
        return "changed"
    if seen.intact is None or seen.coverage in {Coverage.UNCLEAR, Coverage.PART_OF_REVISION}:
        return "unknown"
    return "unchanged" if seen.coverage is Coverage.FILE else "added"


def _revocation(one: SignatureReport) -> str:
    if one.observed.revoked_at is not None:
        return "revoked"
    return "good" if one.observed.revocation_checked else "unknown"


def _findings(findings: tuple[Finding, ...], spoken: Language) -> tuple[FindingLine, ...]:
    """The worst first."""
    order = ("fails", "open", "note")
    lines = [
        FindingLine(text=one.text(spoken), effect=one.effect.value, code=one.code.value)
        for one in findings
    ]
    return tuple(sorted(lines, key=lambda one: order.index(one.effect)))


def _certificate(encoded: bytes) -> CertificateLine:
    try:
        one = x509.load_der_x509_certificate(encoded)
        return CertificateLine(
            name=plain(common_name(encoded)),
            subject=plain(one.subject.rfc4514_string()),
            serial=f"{one.serial_number:x}",
            begins=one.not_valid_before_utc,
            ends=one.not_valid_after_utc,
        )
    except (ValueError, TypeError):
        return CertificateLine(name="")


def _evidence(one: SignatureReport) -> tuple[EvidenceLine, ...]:
    seen = one.observed
    stamps = [
        EvidenceLine(
            kind="timestamp",
            by=plain(common_name(stamp.chain[0] if stamp.chain else None)),
            at=stamp.time,
            good=stamp.indication is Indication.TOTAL_PASSED,
        )
        for stamp in seen.timestamps
    ]
    records = [
        EvidenceLine(
            kind=record.kind,
            by=plain(record.issuer),
            at=record.this_update,
            until=record.next_update,
        )
        for record in seen.revocation
        if record.about_signer
    ]
    return (*stamps, *records)


def _opinion(opinion: LegalOpinion, spoken: Language) -> OpinionCard:
    words = opinion_words(spoken)
    return OpinionCard(
        verdict=opinion.verdict.value,
        word=words.verdicts[opinion.verdict.value],
        title=words.title,
        section=opinion.section,
        reasons=tuple(
            ReasonLine(
                text=plain(reason.text(spoken)),
                section=reason.section,
                effect=reason.effect.value,
                word=words.effects[reason.effect.value],
            )
            for reason in opinion.reasons
        ),
        missing=tuple(
            MissingLine(fact=fact, question=_ASKED.get(fact, "")) for fact in opinion.missing
        ),
        sources=words.sources.format(trust_list=opinion.trust_list, exclusions=opinion.exclusions),
        disclaimer=words.disclaimer,
    )
