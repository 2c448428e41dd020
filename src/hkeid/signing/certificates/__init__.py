"""Certificates: profiles, an embedded authority, revocation lists and OCSP.

::

    key = MemoryKey()                                       # or a file, or a PKCS#11 token
    authority = EmbeddedAuthority(store, Credential(key, certificate, chain), clock, random, settings)
    issued = authority.issue(request, profile="resident-short", subject=subject)
    authority.revoke(serial, RevocationReason.KEY_COMPROMISE)

The embedded authority is for sandboxes and private use, and is never a recognized certification authority under
the Electronic Transactions Ordinance (Cap. 553).
"""

from hkeid.signing.certificates.authority import AuthoritySettings, EmbeddedAuthority
from hkeid.signing.certificates.building import build_request
from hkeid.signing.certificates.door import RepositoryDoor
from hkeid.signing.certificates.errors import CertificateRefused, RequestMalformed
from hkeid.signing.certificates.evidence import EmbeddedRevocation
from hkeid.signing.certificates.extensions import Pointers
from hkeid.signing.certificates.keys import AuthorityKey, Credential, MemoryKey
from hkeid.signing.certificates.ocsp import OcspAnswer, OcspResponder, OcspStatus
from hkeid.signing.certificates.offline_root import (
    certify_issuing,
    make_root,
    root_revocation_list,
)
from hkeid.signing.certificates.profiles import PROFILES, CertificateProfile
from hkeid.signing.certificates.reading import ReadCertificate, read_certificate
from hkeid.signing.certificates.records import (
    CertificatesTransaction,
    IssuedRecord,
    IssuedRepository,
    RevocationListRecord,
    RevocationListRepository,
    SerialCounters,
)

__all__ = [
    "PROFILES",
    "AuthorityKey",
    "AuthoritySettings",
    "CertificateProfile",
    "CertificateRefused",
    "CertificatesTransaction",
    "Credential",
    "EmbeddedAuthority",
    "EmbeddedRevocation",
    "IssuedRecord",
    "IssuedRepository",
    "MemoryKey",
    "OcspAnswer",
    "OcspResponder",
    "OcspStatus",
    "Pointers",
    "ReadCertificate",
    "RepositoryDoor",
    "RequestMalformed",
    "RevocationListRecord",
    "RevocationListRepository",
    "SerialCounters",
    "build_request",
    "certify_issuing",
    "make_root",
    "read_certificate",
    "root_revocation_list",
]
