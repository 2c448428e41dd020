"""A document verified: the state's signature, the chip, the way in, the holder. Findings, never errors.

Only files whose hash the state signed are looked into; what an unsigned file says proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from hkeid.chip.document import ChipDocument
from hkeid.chip.errors import CardMalformed
from hkeid.chip.evidence import ChipEvidence, ChipGenuine, PassiveOutcome
from hkeid.chip.findings import Finding, FindingCode, finding
from hkeid.chip.genuineness import contradicts, judge_access, judge_chip
from hkeid.chip.lds.common_file import read_common_file
from hkeid.chip.lds.holder import read_holder
from hkeid.chip.passive_authentication import authenticate_passively, open_card_security
from hkeid.chip.security_infos import SecurityInfos, parse_dg14, parse_security_infos
from hkeid.chip.sod_groups import groups_in_sod
from hkeid.chip.trust import CountrySigners
from hkeid.kernel.instants import Instant

_OF_THE_CHIP = {
    "DG14": FindingCode.DG14_NOT_IN_SOD,
    "DG15": FindingCode.DG15_NOT_IN_SOD,
}


def verify_document(document: ChipDocument, *, trust: CountrySigners, at: Instant) -> ChipEvidence:
    """Everything that :meth:`ChipDocument.verify` promises."""
    files = document.files
    passive = authenticate_passively(files, trust=trust, at=at)
    findings = [*document.findings, *passive.findings]
    listed = _listed(document)
    findings += _unsigned_keys(document, listed)
    infos, trouble = _signed_infos(document, passive.verified)
    findings += trouble
    security, trouble = _card_security(document, trust, at, passive.country, infos)
    findings += trouble
    genuine, trouble = judge_chip(
        document,
        listed=listed,
        active_key=files["DG15"] if "DG15" in passive.verified else None,
        infos=infos,
        card_security=security,
    )
    findings += trouble
    findings += judge_access(document, infos)
    holder, about_holder = read_holder(files, verified=passive.verified, at=at)
    findings += about_holder
    if passive.outcome is PassiveOutcome.FAILED and genuine is not ChipGenuine.CLONEABLE:
        genuine = ChipGenuine.FAILED  # keys that nobody signed prove nothing
    return ChipEvidence(
        findings=_each_once(findings),
        passive=passive.outcome,
        genuine=genuine,
        holder=holder,
        signer=passive.signer,
        sod_digest=passive.sod_digest,
    )


def _each_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(findings))


def _listed(document: ChipDocument) -> frozenset[str]:
    """Data groups of EF.SOD; none where it does not parse, which passive authentication says."""
    try:
        return frozenset(groups_in_sod(document.files.get("SOD", b"")))
    except CardMalformed:
        return frozenset()


def _unsigned_keys(document: ChipDocument, listed: frozenset[str]) -> list[Finding]:
    """DG14 or DG15 in EF.COM and not in EF.SOD: somebody added keys to the chip."""
    try:
        claimed = read_common_file(document.files.get("COM", b"")).groups
    except CardMalformed:
        return []
    return [
        finding(code, name)
        for name, code in _OF_THE_CHIP.items()
        if listed and name in claimed and name not in listed and name not in document.files
    ]


def _signed_infos(
    document: ChipDocument, verified: frozenset[str]
) -> tuple[SecurityInfos | None, list[Finding]]:
    if "DG14" not in verified:
        return None, []
    try:
        return parse_dg14(document.files["DG14"]), []
    except CardMalformed as error:
        return None, [finding(error.code, error.detail or "")]


def _card_security(
    document: ChipDocument,
    trust: CountrySigners,
    at: Instant,
    country: str,
    signed: SecurityInfos | None,
) -> tuple[SecurityInfos | None, list[Finding]]:
    """EF.CardSecurity has a signature of its own (Doc 9303-11 §9.2.11); it has to be this document's.

    :param country: of the signer of EF.SOD.
    :param signed: the infos of DG14.
    """
    data = document.files.get("CardSecurity")
    if data is None:
        return None, []
    content, findings = open_card_security(data, trust=trust, at=at, country=country)
    if content is None:
        return None, list(findings)
    try:
        infos = parse_security_infos(content, code=FindingCode.CARD_SECURITY_MALFORMED)
    except CardMalformed as error:
        return None, [*findings, finding(error.code, error.detail or "")]
    otherwise = contradicts(infos, signed)
    if otherwise:
        return None, [*findings, finding(FindingCode.CARD_SECURITY_DIFFERENT, otherwise)]
    return infos, list(findings)
