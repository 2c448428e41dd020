"""The report as XML after ETSI TS 119 102-2 (v1.2.1 names). The gate's verdict stands in it, not an engine's."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET
from base64 import b64encode
from datetime import UTC

from hkeid.identity.language import Language
from hkeid.kernel.instants import Instant
from hkeid.ports.pdf_validation import SignatureKind
from hkeid.signing.validation.findings import Finding
from hkeid.signing.validation.report import SignatureReport, ValidationReport

_VR = "http://uri.etsi.org/19102/v1.2.1#"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_XADES = "http://uri.etsi.org/01903/v1.3.2#"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XS = "http://www.w3.org/2001/XMLSchema"
_URN = "urn:etsi:019102"
_HASHES = {
    "sha1": "http://www.w3.org/2000/09/xmldsig#sha1",
    "sha224": "http://www.w3.org/2001/04/xmldsig-more#sha224",
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
}
_PROCESSES = {"B-B": "Basic", "B-T": "LTVM", "B-LT": "LTVM", "B-LTA": "LTA"}
_CERTIFICATE, _CRL, _OCSP = "certificate", "CRL", "OCSPResponse"
# What XML 1.0 §2.2 has no character for.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def etsi_report(report: ValidationReport) -> bytes:
    """The document, UTF-8."""
    for prefix, namespace in (("vr", _VR), ("ds", _DS), ("XAdES", _XADES), ("xsi", _XSI)):
        ET.register_namespace(prefix, namespace)
    root = ET.Element(_vr("ValidationReport"), {"xmlns:xs": _XS})
    for one in report.entries:
        _signature(root, one, report)
    if not report.entries:
        _nothing(root, report)
    objects = _objects(report)
    if objects:
        listed = ET.SubElement(root, _vr("SignatureValidationObjects"))
        for name, (kind, encoded) in objects.items():
            made = ET.SubElement(listed, _vr("ValidationObject"), {"id": name})
            _text(made, "ObjectType", f"{_URN}:validationObject:{kind}")
            representation = ET.SubElement(made, _vr("ValidationObjectRepresentation"))
            _text(representation, "base64", b64encode(encoded).decode("ascii"))
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _nothing(root: ET.Element, report: ValidationReport) -> None:
    """A report has at least one entry; where there is no signature it says why."""
    made = ET.SubElement(root, _vr("SignatureValidationReport"))
    status = ET.SubElement(made, _vr("SignatureValidationStatus"))
    _text(status, "MainIndication", f"{_URN}:mainindication:{report.indication.value}")
    _text(status, "SubIndication", f"{_URN}:subindication:{report.sub_indication}")
    data = ET.SubElement(status, _vr("AssociatedValidationReportData"))
    further = ET.SubElement(data, _vr("AdditionalValidationReportData"))
    for finding in report.document_findings:
        _finding(further, finding)


def _vr(name: str) -> str:
    return f"{{{_VR}}}{name}"


def _text(parent: ET.Element, name: str, value: str, namespace: str = _VR) -> ET.Element:
    made = ET.SubElement(parent, f"{{{namespace}}}{name}")
    made.text = _UNFIT.sub("\ufffd", value)
    return made


def _moment(moment: Instant) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _digest(parent: ET.Element, hash_name: str, value: bytes) -> None:
    made = ET.SubElement(parent, _vr("DigestAlgAndValue"))
    algorithm = _HASHES.get(hash_name, f"urn:hkeid:hash:{hash_name}")
    ET.SubElement(made, f"{{{_DS}}}DigestMethod", {"Algorithm": algorithm})
    _text(made, "DigestValue", b64encode(value).decode("ascii"), _DS)


def _signature(root: ET.Element, one: SignatureReport, report: ValidationReport) -> None:
    seen = one.observed
    made = ET.SubElement(root, _vr("SignatureValidationReport"))
    identifier = ET.SubElement(made, _vr("SignatureIdentifier"))
    if seen.attributes_digest:
        _digest(identifier, seen.hash_name, seen.attributes_digest)
    if seen.signature_value:
        _text(identifier, "SignatureValue", b64encode(seen.signature_value).decode("ascii"), _DS)
    _text(identifier, "HashOnly", "false")
    _text(identifier, "DocHashOnly", "false")
    times = ET.SubElement(made, _vr("ValidationTimeInfo"))
    _text(times, "ValidationTime", _moment(report.validated_at))
    best = ET.SubElement(times, _vr("BestSignatureTime"))
    _text(best, "POETime", _moment(one.proved_time or report.validated_at))
    _text(best, "TypeOfProof", f"{_URN}:poetype:validation")
    if seen.document_digest:
        _digest(ET.SubElement(made, _vr("SignersDocument")), seen.hash_name, seen.document_digest)
    _attributes(made, one)
    if seen.certificate is not None:
        signer = ET.SubElement(made, _vr("SignerInformation"))
        _refer(signer, "SignerCertificate", _name(_CERTIFICATE, seen.certificate))
        _text(signer, "Signer", one.signer)
    process = ET.SubElement(made, _vr("SignatureValidationProcess"))
    kind = _PROCESSES.get(seen.level, "Basic")
    _text(process, "SignatureValidationProcessID", f"{_URN}:validationprocess:{kind}")
    _status(made, one, report)


def _attributes(made: ET.Element, one: SignatureReport) -> None:
    seen = one.observed
    attributes = ET.SubElement(made, _vr("SignatureAttributes"))
    if seen.claimed_time is not None and seen.kind is SignatureKind.SIGNATURE:
        signing = ET.SubElement(attributes, _vr("SigningTime"), {"Signed": "true"})
        _text(signing, "Time", _moment(seen.claimed_time))
    for stamp in seen.timestamps:
        stamped = ET.SubElement(attributes, _vr("SignatureTimeStamp"), {"Signed": "false"})
        _text(stamped, "TimeStampValue", _moment(stamp.time))
    if seen.reason:
        reason = ET.SubElement(attributes, _vr("Reason"), {"Signed": "true"})
        _text(reason, "ReasonElement", seen.reason)
    if seen.subfilter:
        kind = ET.SubElement(attributes, _vr("SubFilter"), {"Signed": "true"})
        _text(kind, "SubFilterElement", seen.subfilter)
    if seen.byte_range:
        _text(attributes, "ByteRange", " ".join(str(place) for place in seen.byte_range))
    if not len(attributes):
        made.remove(attributes)


def _status(made: ET.Element, one: SignatureReport, report: ValidationReport) -> None:
    """Verdict and reasons. What concerns the whole document weighs on each signature, and is said there."""
    status = ET.SubElement(made, _vr("SignatureValidationStatus"))
    findings = (*one.findings, *report.document_findings)
    indication, sub = one.indication, one.sub_indication
    if one.valid and one.kind is SignatureKind.SIGNATURE and not report.valid:
        for finding in report.document_findings:
            if finding.indication != indication:
                indication, sub = finding.indication, finding.sub_indication
                break
    _text(status, "MainIndication", f"{_URN}:mainindication:{indication.value}")
    if sub:
        _text(status, "SubIndication", f"{_URN}:subindication:{sub}")
    data = ET.SubElement(status, _vr("AssociatedValidationReportData"))
    _chain(data, one)
    for record in one.observed.revocation:
        kind = _CRL if record.kind == "crl" else _OCSP
        _refer(data, "RelatedValidationObject", _name(kind, record.encoded))
    _revoked(data, one)
    if findings:
        further = ET.SubElement(data, _vr("AdditionalValidationReportData"))
        for finding in findings:
            _finding(further, finding)
    if not len(data):
        status.remove(data)


def _revoked(data: ET.Element, one: SignatureReport) -> None:
    """Whose certificate was revoked, and when, which belongs to the sub-indication ``REVOKED``."""
    seen = one.observed
    if seen.revoked_at is None or seen.certificate is None:
        return
    made = ET.SubElement(data, _vr("RevocationStatusInformation"))
    _refer(made, "ValidationObjectId", _name(_CERTIFICATE, seen.certificate))
    _text(made, "RevocationTime", _moment(seen.revoked_at))


def _chain(data: ET.Element, one: SignatureReport) -> None:
    chain = [_name(_CERTIFICATE, each) for each in one.observed.chain]
    if not chain:
        return
    _refer(data, "TrustAnchor", chain[-1])
    listed = ET.SubElement(data, _vr("CertificateChain"))
    _refer(listed, "SigningCertificate", chain[0])
    for name in chain[1:-1]:
        _refer(listed, "IntermediateCertificate", name)
    if len(chain) > 1:
        _refer(listed, "TrustAnchor", chain[-1])


def _finding(further: ET.Element, finding: Finding) -> None:
    made = ET.SubElement(further, _vr("ReportData"))
    _text(made, "Type", f"urn:hkeid:finding:{finding.effect.value}:{finding.code.value}")
    value = _text(made, "Value", finding.text(Language.ENGLISH))
    value.set(f"{{{_XSI}}}type", "xs:string")


def _refer(parent: ET.Element, name: str, reference: str) -> None:
    ET.SubElement(parent, _vr(name), {"VOReference": reference})


def _name(kind: str, encoded: bytes) -> str:
    return f"vo-{kind}-{hashlib.sha256(encoded).hexdigest()}"


def _objects(report: ValidationReport) -> dict[str, tuple[str, bytes]]:
    """Every certificate, list and response once."""
    listed: dict[str, tuple[str, bytes]] = {}
    for one in report.entries:
        seen = one.observed
        own = () if seen.certificate is None else (seen.certificate,)
        for certificate in (*own, *seen.chain):
            listed[_name(_CERTIFICATE, certificate)] = (_CERTIFICATE, certificate)
        for record in seen.revocation:
            kind = _CRL if record.kind == "crl" else _OCSP
            listed[_name(kind, record.encoded)] = (kind, record.encoded)
    return listed
