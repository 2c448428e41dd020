"""Is the chip the one that was issued? Its transcripts, against keys that the state signed.

A chip that can prove itself must: a proof that fails, or that the signed files promise and that is not
there, is fatal. Where nothing is promised, the chip could be a copy, and that is said.
"""

from __future__ import annotations

from collections.abc import Collection

from hkeid.chip.active_authentication import check_active_proof
from hkeid.chip.chip_authentication import check_proof, ranked_ways
from hkeid.chip.document import ChipDocument
from hkeid.chip.errors import CardMalformed
from hkeid.chip.evidence import ChipGenuine
from hkeid.chip.findings import Finding, FindingCode, Severity, finding
from hkeid.chip.mapping_proof import check_mapping_proof
from hkeid.chip.proofs import AccessProtocol, ChipProof, ProofKind
from hkeid.chip.security_infos import PaceInfo, SecurityInfos, parse_security_infos

_MOST_PROOFS = 8
_ORDER = (
    (ProofKind.CHIP, ChipGenuine.CHIP),
    (ProofKind.CAM, ChipGenuine.CAM),
    (ProofKind.ACTIVE, ChipGenuine.ACTIVE),
)


def judge_chip(
    document: ChipDocument,
    *,
    listed: Collection[str],
    active_key: bytes | None,
    infos: SecurityInfos | None,
    card_security: SecurityInfos | None,
) -> tuple[ChipGenuine, list[Finding]]:
    """What proves the chip, and what is wrong with it.

    :param listed: data groups that EF.SOD lists.
    :param active_key: DG15, if its hash is the signed one.
    :param infos: those of DG14, if its hash is the signed one.
    :param card_security: those of EF.CardSecurity, if its signature is trusted.
    """
    findings: list[Finding] = []
    good: set[ProofKind] = set()
    if len(document.proofs) > _MOST_PROOFS:
        findings.append(finding(FindingCode.CHIP_PROOF_MALFORMED, "too many"))
    for proof in document.proofs[:_MOST_PROOFS]:
        code = _check(proof, active_key, infos, card_security)
        if code is None:
            good.add(proof.kind)
        else:
            findings.append(finding(code, proof.kind.value))
    findings += _missing(document, listed, infos, {proof.kind for proof in document.proofs})
    if any(found.fatal for found in findings):
        return ChipGenuine.FAILED, findings
    findings += _weaker(document, infos)
    for kind, genuine in _ORDER:
        if kind in good:
            return genuine, findings
    return ChipGenuine.CLONEABLE, [*findings, finding(FindingCode.CHIP_CLONEABLE)]


def _check(
    proof: ChipProof,
    active_key: bytes | None,
    infos: SecurityInfos | None,
    card_security: SecurityInfos | None,
) -> FindingCode | None:
    if proof.kind is ProofKind.ACTIVE and active_key is not None:
        return check_active_proof(active_key, infos, proof)
    if proof.kind is ProofKind.CHIP and infos is not None:
        return check_proof(infos, proof)
    if proof.kind is ProofKind.CAM:
        return _check_mapping(infos, card_security, proof)
    return FindingCode.CHIP_PROOF_WITHOUT_KEY


def _check_mapping(
    infos: SecurityInfos | None, card_security: SecurityInfos | None, proof: ChipProof
) -> FindingCode | None:
    """The key of the mapping stands in EF.CardSecurity, whose signature says nothing of the document. Where
    DG14 lists keys, EF.SOD signs them for this document, and the mapping's has to be one of them: or the
    chip of another document would prove this one. Where DG14 lists none, what ties the two files is that
    one chip showed both inside the channel that its key opened, and that one country signed them.
    """
    held = card_security.chip_keys if card_security else ()
    signed = infos.chip_keys if infos else ()
    own = tuple(key for key in held if key.is_among(signed)) if signed else held
    code = check_mapping_proof(own, proof)
    if code is not None and own != held and check_mapping_proof(held, proof) is None:
        return FindingCode.MAPPING_KEY_OF_ANOTHER
    return code


def contradicts(card_security: SecurityInfos, infos: SecurityInfos | None) -> str:
    """What EF.CardSecurity says otherwise than DG14 (Doc 9303-11 §9.2.10, §9.2.11); "" where they agree."""
    if infos is None:
        return ""
    if card_security.pace and infos.pace and set(card_security.pace) != set(infos.pace):
        return "pace"
    ways = set(card_security.chip_authentication)
    if ways and infos.chip_authentication and not ways <= set(infos.chip_authentication):
        return "chip authentication"
    numbered = {(key.elliptic, key.key_id): key for key in infos.chip_keys}
    for key in card_security.chip_keys:
        other = numbered.get((key.elliptic, key.key_id))
        if other is not None and not key.is_among((other,)):
            return "key"
    return ""


def _missing(
    document: ChipDocument,
    listed: Collection[str],
    infos: SecurityInfos | None,
    given: Collection[ProofKind],
) -> list[Finding]:
    """Proofs that the signed files promise and that are not there."""
    wanting = []
    if "DG15" in listed and ProofKind.ACTIVE not in given:
        wanting.append("active")
    promised = "DG14" in listed if infos is None else bool(infos.ways())
    if promised and not {ProofKind.CHIP, ProofKind.CAM} & set(given):
        wanting.append("chip")
    if document.access is AccessProtocol.PACE_CAM and ProofKind.CAM not in given:
        wanting.append("cam")
    return [finding(FindingCode.CHIP_PROOF_MISSING, name) for name in wanting]


def _weaker(document: ChipDocument, infos: SecurityInfos | None) -> list[Finding]:
    """Chip authentication by less than the best way that the chip offers."""
    ways = ranked_ways(infos) if infos is not None else []
    used = [proof.algorithm for proof in document.proofs if proof.kind is ProofKind.CHIP]
    if not used or not ways or ways[0].oid in used:
        return []
    return [finding(FindingCode.CHIP_WEAKER_CHOSEN)]


def judge_access(document: ChipDocument, infos: SecurityInfos | None) -> list[Finding]:
    """Was access weakened? EF.CardAccess is not signed, but DG14 repeats it (Doc 9303-11 §4.4.5)."""
    try:
        offered = _offered(document.card_access)
    except CardMalformed as error:
        return [finding(error.code, error.detail or "")]
    signed = set(infos.pace) if infos is not None else set()
    known = {found.code for found in document.findings}
    if document.access in {AccessProtocol.NONE, AccessProtocol.BAC}:
        if offered and FindingCode.PACE_SKIPPED not in known:
            return [finding(FindingCode.PACE_SKIPPED)]
        return [finding(FindingCode.PACE_HIDDEN)] if signed and not offered else []
    if infos is None or not signed:
        return [Finding(FindingCode.CARD_ACCESS_DIFFERENT, Severity.WARNING, "not in DG14")]
    if offered != signed:
        return [finding(FindingCode.CARD_ACCESS_DIFFERENT)]
    return []


def _offered(card_access: bytes | None) -> set[PaceInfo]:
    if card_access is None:
        return set()
    return set(parse_security_infos(card_access, code=FindingCode.CARD_ACCESS_MALFORMED).pace)
