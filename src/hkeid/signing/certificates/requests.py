"""PKCS#10 requests (RFC 2986): the key, once its holder has proved to hold it."""

from __future__ import annotations

from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid.signing import der
from hkeid.signing.algorithms import SignatureAlgorithm
from hkeid.signing.certificates.errors import CertificateRefused, RequestMalformed
from hkeid.signing.certificates.keys import load_public_key
from hkeid.signing.errors import CredentialRefused

LONGEST = 16_384
"""Most bytes of a request."""
_HASHES = ("sha256", "sha384", "sha512")


def requested_key(request: bytes) -> bytes:
    """SubjectPublicKeyInfo of a request that is signed with that key. Its name and attributes are not
    believed: the authority knows what it certifies.

    :raises RequestMalformed: ``certificate_request_malformed``.
    :raises CertificateRefused: ``request_key_refused``, ``request_signature_wrong``.
    """
    try:
        statement, identifier, signature, public_key = _read(request)
        key = load_public_key(public_key)
    except HkeidError as error:
        raise RequestMalformed("certificate_request_malformed", detail=error.detail) from None
    try:
        algorithm = _algorithm(key, identifier)
    except CredentialRefused as error:
        raise CertificateRefused("request_key_refused", detail=str(error)) from None
    try:
        algorithm.verify(key, signature, statement)
    except CredentialRefused:
        raise CertificateRefused("request_signature_wrong") from None
    return public_key


def _read(request: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """CertificationRequestInfo, AlgorithmIdentifier, signature and SubjectPublicKeyInfo."""
    if len(request) > LONGEST:
        raise MalformedInput("der_malformed", detail="too long")
    tag, content = der.only_element(request)
    parts = der.elements(content)
    if tag != der.SEQUENCE or [one[0] for one in parts] != [
        der.SEQUENCE,
        der.SEQUENCE,
        der.BIT_STRING,
    ]:
        raise MalformedInput("der_malformed", detail="not a CertificationRequest")
    fields = der.elements(parts[0][1])
    tags = [one[0] for one in fields]
    if tags[:3] != [der.INTEGER, der.SEQUENCE, der.SEQUENCE] or fields[0][1] != b"\0":
        raise MalformedInput("der_malformed", detail="not a CertificationRequestInfo")
    if parts[2][1][:1] != b"\0":
        raise MalformedInput("der_malformed", detail="signature of odd bits")
    return parts[0][2], parts[1][2], parts[2][1][1:], fields[2][2]


def _algorithm(key: object, identifier: bytes) -> SignatureAlgorithm:
    """The algorithm of a key that has this AlgorithmIdentifier.

    :raises CredentialRefused: ``key_unsupported``, ``key_too_short``, ``hash_unknown``.
    """
    usual = SignatureAlgorithm.of_key(key)
    if usual.identifier == identifier:
        return usual
    for hash_name in _HASHES if usual.kind != "ed25519" else ():
        found = SignatureAlgorithm.of_key(key, hash_name)
        if found.identifier == identifier:
            return found
    raise CredentialRefused("hash_unknown", detail="signature algorithm of the request")
