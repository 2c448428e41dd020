"""The signed attributes: what the signature value is made over.

Three of them (ETSI EN 319 142-1 §6.3): content-type, message-digest and signing-certificate-v2. There is no
signing-time: in PAdES the claimed time stands in the signature dictionary.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from hkeid.signing import der
from hkeid.signing.cms.certificate_names import issuer_and_serial

CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
DATA = "1.2.840.113549.1.7.1"


@lru_cache(maxsize=64)
def signed_attributes(document_digest: bytes, certificate: bytes) -> bytes:
    """SignedAttributes as the SET OF that is signed (RFC 5652 §5.4), DER.

    :param document_digest: over the byte range of the document.
    :param certificate: the signer's, DER.
    """
    return der.set_of(
        (
            attribute(CONTENT_TYPE, der.oid(DATA)),
            attribute(MESSAGE_DIGEST, der.octet_string(document_digest)),
            _signing_certificate_v2(certificate),
        )
    )


def attribute(dotted: str, value: bytes) -> bytes:
    """Attribute of one value (RFC 5652 §5.3)."""
    return der.sequence(der.oid(dotted), der.set_of((value,)))


@lru_cache(maxsize=256)
def _signing_certificate_v2(certificate: bytes) -> bytes:
    """SigningCertificateV2 (RFC 5035 §3) of one ESSCertIDv2; its hash is SHA-256, which is the default and so
    not written (X.690 §11.5).
    """
    identifier = der.sequence(
        der.octet_string(hashlib.sha256(certificate).digest()),
        issuer_and_serial(certificate).as_issuer_serial(),
    )
    return attribute(SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(identifier)))
