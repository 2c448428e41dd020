"""Passive authentication (Doc 9303-11 §5.1): what the issuing state signed, and whether it did.

Every rule that fails is a finding of its own. Nothing is raised because of a card.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from hkeid.chip import tlv
from hkeid.chip.asn1 import read_signed_message
from hkeid.chip.certificates import document_types
from hkeid.chip.countries import same_country
from hkeid.chip.errors import CardMalformed
from hkeid.chip.evidence import PassiveOutcome
from hkeid.chip.findings import Finding, FindingCode, finding
from hkeid.chip.lds.common_file import read_common_file
from hkeid.chip.lds.mrz import read_dg1
from hkeid.chip.lds.security_object import SecurityObject, read_security_object
from hkeid.chip.signatures import digest_of
from hkeid.chip.signed_messages import faults_of, named_certificate
from hkeid.chip.structures import Certificate, MalformedStructure, SignedMessage
from hkeid.chip.trust import CountrySigners
from hkeid.kernel.instants import Instant

LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
SECURITY_INFOS = "0.4.0.127.0.7.3.2.1"
_SOD_TAG = 0x77

_OWN_CODES = {
    "DG14": (FindingCode.DG14_HASH_WRONG, FindingCode.DG14_NOT_IN_SOD),
    "DG15": (FindingCode.DG15_HASH_WRONG, FindingCode.DG15_NOT_IN_SOD),
}
_CODES = (FindingCode.GROUP_HASH_WRONG, FindingCode.GROUP_NOT_IN_SOD)
_NOT_OF_THE_SIGNATURE = frozenset(
    {
        FindingCode.SIGNER_UNKNOWN,
        FindingCode.SIGNER_CHAIN_WRONG,
        FindingCode.SIGNER_NOT_YET_VALID,
        FindingCode.SIGNER_EXPIRED,
        FindingCode.SIGNER_REVOKED,
        FindingCode.SIGNER_USAGE_WRONG,
        FindingCode.SIGNER_COUNTRY_DIFFERENT,
        FindingCode.SIGNER_DOCUMENT_TYPE_WRONG,
        FindingCode.SIGNER_EXTENSION_UNKNOWN,
        FindingCode.COUNTRY_SIGNER_NOT_A_CA,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassiveResult:
    """What passive authentication came to.

    :ivar signer: the document signer for people: ``UT, … Document Signer 1 (serial 1A2B)``; or empty.
    :ivar country: the document signer's country (two letters), or empty.
    :ivar sod_digest: SHA-256 of EF.SOD, empty where there is none.
    :ivar verified: the data groups whose hash is the signed one.
    """

    outcome: PassiveOutcome
    findings: tuple[Finding, ...]
    signer: str = ""
    country: str = ""
    sod_digest: bytes = b""
    verified: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Work:
    """What is gathered on the way."""

    findings: list[Finding] = field(default_factory=list)
    signer: str = ""
    country: str = ""
    verified: frozenset[str] = frozenset()

    def add(self, code: FindingCode, detail: str = "") -> None:
        self.findings.append(finding(code, detail))


def authenticate_passively(
    files: Mapping[str, bytes], *, trust: CountrySigners, at: Instant
) -> PassiveResult:
    """Verify EF.SOD, its signer, and every data group that was read.

    :param files: ``SOD``, ``COM``, ``DG1`` … as read.
    :param at: the moment to judge validity at.
    """
    work = _Work()
    sod = files.get("SOD", b"")
    if not sod:
        work.add(FindingCode.SOD_MISSING)
        return PassiveResult(outcome=PassiveOutcome.FAILED, findings=tuple(work.findings))
    message = _open(sod, work)
    certificate = None if message is None else _signer_of(message, work)
    if message is not None and certificate is not None:
        work.signer = f"{certificate.label} (serial {certificate.serial:X})"
        work.country = certificate.country
        work.findings += faults_of(message, certificate, trust.policy)
        content = _content(message, work)
        if content is not None:
            _compare(files, content, trust, work)
            _compare_common_file(files, content, work)
        _judge(files, message, certificate, trust, at, work)
    return PassiveResult(
        outcome=_outcome(work.findings, complete=certificate is not None),
        findings=tuple(work.findings),
        signer=work.signer,
        country=work.country,
        sod_digest=digest_of("sha256", sod),
        verified=work.verified,
    )


def _outcome(findings: list[Finding], *, complete: bool) -> PassiveOutcome:
    fatal = {one.code for one in findings if one.fatal} - {FindingCode.COM_SOD_DIFFERENT}
    if not complete or fatal - _NOT_OF_THE_SIGNATURE:
        return PassiveOutcome.FAILED
    return PassiveOutcome.SIGNATURE_OK_UNTRUSTED if fatal else PassiveOutcome.TRUSTED


def _open(sod: bytes, work: _Work) -> SignedMessage | None:
    """Tag 77 around CMS SignedData of the right content type, with one signer."""
    try:
        message = read_signed_message(tlv.parse_one(sod, _SOD_TAG).value)
    except (CardMalformed, MalformedStructure) as error:
        work.add(FindingCode.SOD_MALFORMED, error.detail or error.reason)
        return None
    if message.content_type != LDS_SECURITY_OBJECT:
        work.add(FindingCode.SOD_CONTENT_TYPE_WRONG, message.content_type)
        return None
    if len(message.signers) != 1:
        work.add(FindingCode.SOD_SIGNERS_NOT_ONE)
        return None
    return message


def _signer_of(message: SignedMessage, work: _Work) -> Certificate | None:
    try:
        found = named_certificate(message, message.certificates)
    except MalformedStructure as error:
        work.add(FindingCode.SIGNER_CERTIFICATE_MALFORMED, error.detail or "")
        return None
    if found is None:
        work.add(FindingCode.SOD_CERTIFICATE_MISSING)
    return found


def _content(message: SignedMessage, work: _Work) -> SecurityObject | None:
    try:
        return read_security_object(message.content)
    except CardMalformed as error:
        work.add(error.code, error.detail or "")
        return None


def _compare(
    files: Mapping[str, bytes], content: SecurityObject, trust: CountrySigners, work: _Work
) -> None:
    """Each data group against its hash (§5.1 step 4), and the other way round."""
    if not trust.policy.allows(content.digest):
        work.add(FindingCode.SOD_DIGEST_ALGORITHM_REFUSED, content.digest)
        return
    if content.digest == "sha1":
        work.add(FindingCode.SOD_DIGEST_ALGORITHM_WEAK, "data groups")
    good = set()
    for name, value in files.items():
        if not name.startswith("DG"):
            continue
        different, missing = _OWN_CODES.get(name, _CODES)
        wanted = content.hashes.get(name)
        if wanted is None:
            work.add(missing, name)
        elif not hmac.compare_digest(wanted, digest_of(content.digest, value)):
            work.add(different, name)
        else:
            good.add(name)
    for name in content.hashes:
        if name not in files:
            work.add(FindingCode.GROUP_NOT_READ, name)
    work.verified = frozenset(good)


def _compare_common_file(files: Mapping[str, bytes], content: SecurityObject, work: _Work) -> None:
    """EF.COM is not signed: it may only say what EF.SOD says."""
    common = files.get("COM")
    if common is None:
        work.add(FindingCode.COM_MISSING)
        return
    try:
        listed = read_common_file(common)
    except CardMalformed as error:
        work.add(FindingCode.COM_MALFORMED, error.detail or "")
        return
    if listed.groups != frozenset(content.hashes):
        odd = sorted(listed.groups ^ frozenset(content.hashes))
        work.add(FindingCode.COM_SOD_DIFFERENT, ", ".join(odd))
    elif content.lds_version is not None and content.lds_version != listed.lds_version:
        work.add(FindingCode.COM_SOD_DIFFERENT, "version")


def _judge(
    files: Mapping[str, bytes],
    message: SignedMessage,
    certificate: Certificate,
    trust: CountrySigners,
    at: Instant,
    work: _Work,
) -> None:
    """The signer's country, its validity and revocation, and whether it may sign this document."""
    signed_at = message.signers[0].signing_time
    work.findings += trust.judge(certificate, at=at, signed_at=signed_at).findings
    if "DG1" not in work.verified:
        return
    try:
        zone = read_dg1(files["DG1"])
        types = document_types(certificate)
    except CardMalformed:
        return  # the holder's part tells
    except MalformedStructure:
        work.add(FindingCode.SIGNER_CERTIFICATE_MALFORMED, "document types")
        return
    if not same_country(certificate.country, zone.issuing_state):
        work.add(FindingCode.SIGNER_COUNTRY_DIFFERENT, "document")
    if types is not None and not _covers(types, zone.document_code):
        work.add(FindingCode.SIGNER_DOCUMENT_TYPE_WRONG, zone.document_code)


def _covers(types: frozenset[str], code: str) -> bool:
    """A listed type is a document code or its first letter (Doc 9303-12 §7.1.1.6)."""
    return code in types or code[:1] in types


def open_card_security(
    data: bytes, *, trust: CountrySigners, at: Instant, country: str
) -> tuple[bytes | None, tuple[Finding, ...]]:
    """The SecurityInfos in EF.CardSecurity, and what is wrong with its signature (Doc 9303-11 §9.2.11).

    :param country: of the signer of EF.SOD: no other country speaks for a chip of its documents.
    :return: the infos (None unless everything is in order) and findings ``card_security_malformed``,
        ``card_security_untrusted`` or ``card_security_different``.
    """
    try:
        message = read_signed_message(data)
        if message.content_type != SECURITY_INFOS or len(message.signers) != 1:
            return None, (finding(FindingCode.CARD_SECURITY_MALFORMED, "content"),)
        certificate = named_certificate(message, message.certificates)
    except MalformedStructure as error:
        return None, (finding(FindingCode.CARD_SECURITY_MALFORMED, error.detail or ""),)
    if certificate is None:
        return None, (finding(FindingCode.CARD_SECURITY_UNTRUSTED, "no certificate"),)
    faults = [one for one in faults_of(message, certificate, trust.policy) if one.fatal]
    faults += [one for one in trust.judge(certificate, at=at).findings if one.fatal]
    if faults:
        return None, (finding(FindingCode.CARD_SECURITY_UNTRUSTED, faults[0].code.value),)
    # A signer of one country under country signers of another is a fault already.
    if certificate.country != country:
        return None, (finding(FindingCode.CARD_SECURITY_DIFFERENT, "country"),)
    return message.content, ()
