"""Signing PDF documents after PAdES (ETSI EN 319 142-1), and validating them.

::

    signer = Signer.from_pkcs12(content, Secret("passphrase"))
    signed = sign_pdf(pdf, signer, level="B-LTA", timestamp_authority=tsa, revocation=source)

    prepared = prepare_pdf(pdf, SignerIdentity.of(certificate, chain))     # the key is elsewhere
    signature = ask_for_signature(prepared.to_be_signed)
    signed = complete_pdf(pdf, prepared, signature)

    report = validate_pdf(signed, trust=ValidationTrust.of([root]), legal=LegalContext(...))
    report.valid, report.cap553, report.findings
"""

from hkeid.ports.certificates import RevocationSource, ValidationMaterial
from hkeid.ports.pdf import Certification, PdfEngine, PdfTrait, PlannedField, Stamp, StampLine
from hkeid.ports.timestamps import TimestampAuthority
from hkeid.signing.algorithms import SignatureAlgorithm
from hkeid.signing.credentials import Signer, SignerIdentity
from hkeid.signing.documents import (
    Services,
    Wishes,
    complete_pdf,
    prepare_fields,
    prepare_pdf,
    sign_pdf,
    signature_updates,
)
from hkeid.signing.errors import CredentialRefused, DocumentMalformed, DocumentRefused
from hkeid.signing.field_plan import fields_in_order
from hkeid.signing.input_policy import InputPolicy
from hkeid.signing.legal import LegalContext
from hkeid.signing.levels import Level
from hkeid.signing.prepared import Prepared
from hkeid.signing.stamp import signature_stamp
from hkeid.signing.validation import ValidationReport, ValidationTrust, validate_pdf

__all__ = [
    "Certification",
    "CredentialRefused",
    "DocumentMalformed",
    "DocumentRefused",
    "InputPolicy",
    "LegalContext",
    "Level",
    "PdfEngine",
    "PdfTrait",
    "PlannedField",
    "Prepared",
    "RevocationSource",
    "Services",
    "SignatureAlgorithm",
    "Signer",
    "SignerIdentity",
    "Stamp",
    "StampLine",
    "TimestampAuthority",
    "ValidationMaterial",
    "ValidationReport",
    "ValidationTrust",
    "Wishes",
    "complete_pdf",
    "fields_in_order",
    "prepare_fields",
    "prepare_pdf",
    "sign_pdf",
    "signature_stamp",
    "signature_updates",
    "validate_pdf",
]
