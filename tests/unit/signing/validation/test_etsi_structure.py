"""The XML has the structure that the schema of ETSI TS 119 102-2 (v1.2.x, its namespace v1.2.1) asks for.

The schema itself is ETSI's and is not copied: here stand the facts about the elements that we write, their order,
and how often they come. To hold a report against the schema, see ``docs/how-to/validate-a-pdf.md``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from lxml import etree

from hkeid.kernel.instants import Instant
from hkeid.signing.validation import ValidationReport, ValidationTrust
from hkeid.testing.pdf_attacks import ATTACKS

_VR = "{http://uri.etsi.org/19102/v1.2.1#}"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_DIGEST = "DigestMethod DigestValue"
_ATTRIBUTES = "SigningTime|SignatureTimeStamp|Reason|SubFilter|ByteRange"

# Children in order, as a regular expression over names that each end in a space.
CHILDREN = {
    "ValidationReport": "(SignatureValidationReport )+(SignatureValidationObjects )?",
    "SignatureValidationReport": (
        "(SignatureIdentifier )?(ValidationTimeInfo )?(SignersDocument )*(SignatureAttributes )?"
        "(SignerInformation )?(SignatureValidationProcess )?SignatureValidationStatus "
    ),
    "SignatureIdentifier": "(DigestAlgAndValue )?(SignatureValue )?HashOnly DocHashOnly ",
    "DigestAlgAndValue": f"{_DIGEST} ",
    "ValidationTimeInfo": "ValidationTime BestSignatureTime ",
    "BestSignatureTime": "POETime TypeOfProof (POEObject )?",
    "SignersDocument": "DigestAlgAndValue ",
    "SignatureAttributes": f"(({_ATTRIBUTES}) )+",
    "SigningTime": "Time ",
    "SignatureTimeStamp": "TimeStampValue ",
    "Reason": "ReasonElement ",
    "SubFilter": "SubFilterElement ",
    "SignerInformation": "SignerCertificate (Signer )?",
    "SignatureValidationProcess": "(SignatureValidationProcessID )?",
    "SignatureValidationStatus": (
        "MainIndication (SubIndication )*(AssociatedValidationReportData )*"
    ),
    "AssociatedValidationReportData": (
        "(TrustAnchor )?(CertificateChain )?(RelatedValidationObject )*"
        "(RevocationStatusInformation )?(AdditionalValidationReportData )?"
    ),
    "CertificateChain": "SigningCertificate (IntermediateCertificate )*(TrustAnchor )?",
    "RevocationStatusInformation": "ValidationObjectId RevocationTime ",
    "AdditionalValidationReportData": "(ReportData )+",
    "ReportData": "Type Value ",
    "SignatureValidationObjects": "(ValidationObject )+",
    "ValidationObject": "ObjectType ValidationObjectRepresentation ",
    "ValidationObjectRepresentation": "base64 ",
}
MOMENTS = {"ValidationTime", "POETime", "Time", "TimeStampValue", "RevocationTime"}
REFERENCES = {
    "SignerCertificate", "TrustAnchor", "SigningCertificate", "IntermediateCertificate",
    "RelatedValidationObject", "ValidationObjectId",
}  # fmt: skip
INDICATIONS = {"total-passed", "total-failed", "indeterminate"}


def structure(report: ValidationReport) -> Any:
    """The XML of a report, once its structure was looked at."""
    root = etree.fromstring(report.to_etsi_xml())
    names = {one.get("id") for one in root.iter(f"{_VR}ValidationObject")}
    assert len(names) == len(list(root.iter(f"{_VR}ValidationObject")))
    for one in root.iter():
        name = etree.QName(one).localname
        space = _DS if name in {"DigestMethod", "DigestValue", "SignatureValue"} else _VR
        assert one.tag == f"{space}{name}"
        children = "".join(f"{etree.QName(child).localname} " for child in one)
        assert re.fullmatch(CHILDREN.get(name, ""), children), (name, children)
        if name in MOMENTS:
            assert datetime.fromisoformat(one.text).tzinfo is not None
        if name in REFERENCES:
            assert one.get("VOReference") in names
        if name == "MainIndication":
            assert one.text.removeprefix("urn:etsi:019102:mainindication:") in INDICATIONS
        if name in {"Type", "SubIndication", "ObjectType", "TypeOfProof"}:
            assert re.fullmatch(r"urn:[a-z0-9]+:[^\s]+", one.text)
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", name) for name in names), "xs:ID"
    return root


@pytest.mark.parametrize("name", ["signed", "stamped", "archived", "first_of_two", "plain"])
def test_of_honest_documents(bench, validate, name) -> None:
    structure(validate(getattr(bench, name)))


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_of_attacks(bench, validate, name) -> None:
    structure(validate(ATTACKS[name].make(bench)))


def test_of_what_is_no_pdf_and_of_nobody_trusted(bench, validate) -> None:
    structure(validate(b"no PDF"))
    structure(validate(bench.archived, trust=ValidationTrust.of([])))


def test_of_a_revoked_certificate(bench, validate) -> None:
    report = validate(bench.archived)
    at: Instant = report.validated_at
    first, *others = report.entries
    revoked = replace(first, observed=replace(first.observed, revoked_at=at))
    root = structure(replace(report, entries=(revoked, *others)))
    (status,) = root.iter(f"{_VR}RevocationStatusInformation")
    assert status[1].text == at.strftime("%Y-%m-%dT%H:%M:%SZ")
