"""The document security store (ETSI EN 319 142-1 §5.4)."""

from __future__ import annotations

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.validation.dss import DocumentSecurityStore

from hkeid.ports.certificates import ValidationMaterial


def supply(writer: IncrementalPdfFileWriter, material: ValidationMaterial) -> None:
    """Add what the store does not have yet. There are no VRI entries: the store is for all signatures
    (§5.4.2.3 leaves it so).
    """
    if not (material.certificates or material.crls or material.ocsps):
        return
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[x509.Certificate.load(one) for one in material.certificates],
        crls=[crl.CertificateList.load(one) for one in material.crls],
        ocsps=[ocsp.OCSPResponse.load(one) for one in material.ocsps],
    )
