"""Validating signed PDF documents: every signature, for the document as it is, with reasons.

::

    trust = ValidationTrust.of([root])
    report = validate_pdf(signed, trust=trust, legal=LegalContext(government_party=True, ...))
    report.valid, report.indication, report.findings, report.cap553
    report.signed_revision(signed, "Signature1")            # what was signed, and nothing later
    report.to_json(), report.to_etsi_xml(), report.to_text()
"""

from hkeid.ports.pdf_validation import (
    Coverage,
    FieldChange,
    FieldEvent,
    Indication,
    Look,
    Modification,
    PdfValidator,
    SignatureKind,
)
from hkeid.signing.validation.findings import Finding, FindingCode, FindingEffect
from hkeid.signing.validation.opinions import with_opinions
from hkeid.signing.validation.report import SignatureReport, ValidationReport
from hkeid.signing.validation.trust import ValidationTrust
from hkeid.signing.validation.validating import validate_pdf

__all__ = [
    "Coverage",
    "FieldChange",
    "FieldEvent",
    "Finding",
    "FindingCode",
    "FindingEffect",
    "Indication",
    "Look",
    "Modification",
    "PdfValidator",
    "SignatureKind",
    "SignatureReport",
    "ValidationReport",
    "ValidationTrust",
    "validate_pdf",
    "with_opinions",
]
