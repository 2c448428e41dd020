"""The report as plain text, for a terminal, a mail or a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hkeid.identity.language import Language
from hkeid.kernel.instants import Instant
from hkeid.ports.pdf_validation import Indication, SignatureKind
from hkeid.signing.legal import opinion_text
from hkeid.signing.validation.findings import Finding, FindingEffect
from hkeid.signing.validation.report import SignatureReport, ValidationReport, certificate_name

_WORDS: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {
        "total-passed": "VALID", "total-failed": "NOT VALID", "indeterminate": "UNDETERMINED",
        "document": "Document", "signature": "Signature", "document_timestamp": "Document time-stamp",
        "signer": "signer", "issuer": "trust anchor", "level": "level", "claimed": "claimed time", "proved": "proved by",
        "covers": "covers", "revision": "bytes, revision", "revoked": "revoked at", "fields": "later changes of fields",
        "fails": "FAILS", "open": "OPEN", "note": "note", "validated": "validated at",
        "evidence": "revocation evidence",
    },
    Language.TRADITIONAL: {
        "total-passed": "有效", "total-failed": "無效", "indeterminate": "未能確定",
        "document": "文件", "signature": "簽署", "document_timestamp": "文件時間戳記",
        "signer": "簽署人", "issuer": "信任錨", "level": "級別", "claimed": "聲稱時間", "proved": "證明時間",
        "covers": "涵蓋", "revision": "位元組，版本", "revoked": "撤銷時間", "fields": "其後的欄位更改",
        "fails": "不符", "open": "未定", "note": "附註", "validated": "核實時間",
        "evidence": "撤銷資料",
    },
    Language.SIMPLIFIED: {
        "total-passed": "有效", "total-failed": "无效", "indeterminate": "未能确定",
        "document": "文件", "signature": "签署", "document_timestamp": "文件时间戳",
        "signer": "签署人", "issuer": "信任锚", "level": "级别", "claimed": "声称时间", "proved": "证明时间",
        "covers": "涵盖", "revision": "字节，版本", "revoked": "撤销时间", "fields": "其后的字段更改",
        "fails": "不符", "open": "未定", "note": "附注", "validated": "核实时间",
        "evidence": "撤销资料",
    },
}  # fmt: skip


def report_text(report: ValidationReport, language: Language = Language.ENGLISH) -> str:
    """The report in one script."""
    return "\n".join(_lines(report, language)) + "\n"


def _lines(report: ValidationReport, language: Language) -> Iterator[str]:
    words = _WORDS[language]
    yield f"{words['document']}: {_verdict(words, report.indication, report.sub_indication)}"
    yield f"  SHA-256 {report.digest}, {report.size} B"
    yield f"  {words['validated']} {_moment(report.validated_at)}"
    yield from _findings(words, report.document_findings, language)
    for one in report.entries:
        yield ""
        kind = words[one.kind.value]
        verdict = _verdict(words, one.indication, one.sub_indication)
        yield f"{kind} {plain(one.field_name)}: {verdict}"
        yield from _details(words, one)
        yield from _findings(words, one.findings, language)
        if one.cap553 is not None:
            yield ""
            yield from (f"  {line}" for line in opinion_text(one.cap553, language).splitlines())


def _details(words: Mapping[str, str], one: SignatureReport) -> Iterator[str]:
    seen = one.observed
    claimed = seen.claimed_time if one.kind is SignatureKind.SIGNATURE else None
    issuer = certificate_name(seen.chain[-1]) if seen.chain else ""
    stated = {
        "signer": plain(one.signer),
        "issuer": plain(issuer),
        "level": seen.level,
        "claimed": _moment(claimed),
        "proved": _moment(one.proved_time),
        "revoked": _moment(seen.revoked_at),
    }
    yield from (f"  {words[key]}: {value}" for key, value in stated.items() if value)
    for record in seen.revocation:
        if record.about_signer:
            when = _moment(record.this_update)
            yield f"  {words['evidence']}: {record.kind.upper()} {plain(record.issuer)}, {when}"
    if one.end is not None:
        yield f"  {words['covers']}: {one.end} {words['revision']} {seen.number + 1}"
    yield from _changes(words, one)


def _changes(words: Mapping[str, str], one: SignatureReport) -> Iterator[str]:
    if one.changes:
        yield f"  {words['fields']}:"
    for change in one.changes:
        value = f" {plain(change.before)!r} → {plain(change.after)!r}" if change.after else ""
        yield f"    {plain(change.name)}: {change.event.value}{value}"


def _verdict(words: Mapping[str, str], indication: Indication, sub: str) -> str:
    return words[indication.value] + (f" ({indication.name}, {sub})" if sub else "")


def _findings(
    words: Mapping[str, str], findings: tuple[Finding, ...], language: Language
) -> Iterator[str]:
    for effect in FindingEffect:
        for one in findings:
            if one.effect is effect:
                yield f"  [{words[effect.value]}] {one.text(language)} ({one.code.value})"


def _moment(moment: Instant | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S %Z")


def plain(text: str) -> str:
    """Names come out of the file: whatever would break the line or hide is shown as a space."""
    return "".join(one if one.isprintable() else " " for one in text)
