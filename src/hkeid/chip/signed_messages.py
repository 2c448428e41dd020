"""CMS SignedData with one signer, checked rule by rule (RFC 5652 §5, Doc 9303-10 §4.6.2.2)."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from hkeid.chip.asn1 import read_certificate, read_key_identifier
from hkeid.chip.certificates import SUBJECT_KEY
from hkeid.chip.findings import Finding, FindingCode, finding
from hkeid.chip.signatures import TrustPolicy, Verdict, digest_of, verify_signature
from hkeid.chip.structures import Certificate, MalformedStructure, SignedMessage, SignerEntry

_VERDICTS = {
    Verdict.WRONG: FindingCode.SOD_SIGNATURE_WRONG,
    Verdict.KEY_REFUSED: FindingCode.SIGNER_KEY_REFUSED,
    Verdict.CURVE_REFUSED: FindingCode.SIGNER_CURVE_REFUSED,
    Verdict.ALGORITHM_REFUSED: FindingCode.SOD_SIGNATURE_ALGORITHM_REFUSED,
}


def named_certificate(message: SignedMessage, offered: Iterable[bytes]) -> Certificate | None:
    """The certificate that the message's signer names; the first that fits.

    :raises MalformedStructure: one of those offered does not parse.
    """
    for der in offered:
        one = read_certificate(der)
        if _is_named(one, message.signers[0]):
            return one
    return None


def _is_named(certificate: Certificate, entry: SignerEntry) -> bool:
    if entry.issuer is not None:
        return (certificate.issuer, certificate.serial) == (entry.issuer, entry.serial)
    own = certificate.extensions.get(SUBJECT_KEY)
    if own is None:
        return False
    try:
        return read_key_identifier(own.value, authority=False) == entry.key_identifier
    except MalformedStructure:
        return False


def faults_of(
    message: SignedMessage, certificate: Certificate, policy: TrustPolicy
) -> tuple[Finding, ...]:
    """Everything wrong with a message of one signer; nothing if it is signed as it should be."""
    entry = message.signers[0]
    found: list[Finding] = []
    if not policy.allows(entry.digest):
        return (finding(FindingCode.SOD_DIGEST_ALGORITHM_REFUSED, "signer"),)
    if entry.digest == "sha1":
        found.append(finding(FindingCode.SOD_DIGEST_ALGORITHM_WEAK, "signer"))
    if entry.signed_attributes is None or entry.content_types != (message.content_type,):
        found.append(finding(FindingCode.SOD_SIGNED_ATTRIBUTES_WRONG, "content type"))
    if len(entry.message_digests) != 1:
        found.append(finding(FindingCode.SOD_SIGNED_ATTRIBUTES_WRONG, "message digest"))
    elif not hmac.compare_digest(
        entry.message_digests[0], digest_of(entry.digest, message.content)
    ):
        found.append(finding(FindingCode.SOD_MESSAGE_DIGEST_WRONG))
    verdict = verify_signature(
        certificate.key,
        entry.algorithm,
        entry.signature,
        entry.signed_attributes if entry.signed_attributes is not None else message.content,
        policy=policy,
        digest=entry.digest,
    )
    if verdict is not Verdict.GOOD:
        found.append(finding(_VERDICTS[verdict]))
    return tuple(found)
