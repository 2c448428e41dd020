"""OCSP requests (RFC 6960 §4.1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from hkeid.kernel.errors import MalformedInput
from hkeid.signing import der
from hkeid.signing.certificates.encoding import read_integer, read_oid
from hkeid.signing.certificates.errors import RequestMalformed
from hkeid.signing.certificates.keys import public_key_bits

LONGEST = 16_384
"""Most bytes of a request."""
MOST_CERTIFICATES = 32
"""Most certificates that one request may ask about."""
NONCE = "1.3.6.1.5.5.7.48.1.2"
_LONGEST_NONCE = 128  # RFC 9654 §2.1
_HASHES = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateId:
    """CertID (RFC 6960 §4.1.1).

    :ivar encoded: as it was asked; the answer repeats it.
    :ivar hash_name: as ``hashlib`` spells it; "" where we do not know it. SHA-1 is what most clients use to
        name an issuer here; it protects nothing.
    """

    encoded: bytes
    hash_name: str
    name_hash: bytes
    key_hash: bytes
    serial: int

    def means(self, issuer_name: bytes, issuer_key: bytes) -> bool:
        """Whether it is about a certificate of this issuer.

        :param issuer_name: Name, DER; ``issuer_key`` SubjectPublicKeyInfo.
        """
        if not self.hash_name:
            return False
        return (self.name_hash, self.key_hash) == (
            _hash(self.hash_name, issuer_name),
            _hash(self.hash_name, public_key_bits(issuer_key)),
        )


def certificate_id(issuer_name: bytes, issuer_key: bytes, serial: int) -> CertificateId:
    """The CertID by which most clients ask: SHA-1, with parameters NULL."""
    names = (_hash("sha1", issuer_name), _hash("sha1", public_key_bits(issuer_key)))
    encoded = der.sequence(
        der.algorithm("1.3.14.3.2.26", der.null()),
        *map(der.octet_string, names),
        der.integer(serial),
    )
    return CertificateId(
        encoded=encoded, hash_name="sha1", name_hash=names[0], key_hash=names[1], serial=serial
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspRequest:
    """What is asked.

    :ivar nonce: contents of the nonce extension's value (RFC 9654 §2.1), to be repeated; None: none came.
    """

    certificates: tuple[CertificateId, ...]
    nonce: bytes | None = None


def build_ocsp_request(certificates: tuple[CertificateId, ...], nonce: bytes | None) -> bytes:
    """OCSPRequest, DER, without a signature."""
    asked = der.sequence(*(der.sequence(one.encoded) for one in certificates))
    extensions = b"" if nonce is None else der.tagged(2, der.sequence(nonce_extension(nonce)))
    return der.sequence(der.sequence(asked, extensions))


def nonce_extension(nonce: bytes) -> bytes:
    """The extension with its value (RFC 9654 §2.1)."""
    return der.sequence(der.oid(NONCE), der.octet_string(der.octet_string(nonce)))


def read_ocsp_request(request: bytes) -> OcspRequest:
    """Read an OCSPRequest. A signature on it is not looked at: whoever asks is answered
    (RFC 6960 §4.1.2).

    :raises RequestMalformed: ``ocsp_request_malformed``.
    """
    try:
        return _read(request)
    except MalformedInput as error:
        raise RequestMalformed("ocsp_request_malformed", detail=error.detail) from None


def _read(request: bytes) -> OcspRequest:
    if len(request) > LONGEST:
        raise MalformedInput("der_malformed", detail="too long")
    parts = _parts(request)
    tags = [one[0] for one in parts]
    # [0]: a signature, see above.
    if tags not in ([der.SEQUENCE], [der.SEQUENCE, 0xA0]):
        raise MalformedInput("der_malformed", detail="OCSPRequest")
    fields = der.elements(parts[0][1])
    by_tag = {tag: content for tag, content, _ in fields}
    if len(by_tag) != len(fields) or not by_tag.keys() <= {0xA0, 0xA1, der.SEQUENCE, 0xA2}:
        raise MalformedInput("der_malformed", detail="TBSRequest")
    if by_tag.get(0xA0, b"\x02\x01\x00") != b"\x02\x01\x00":
        raise MalformedInput("der_malformed", detail="version")
    asked = der.elements(by_tag.get(der.SEQUENCE, b""))
    if not 0 < len(asked) <= MOST_CERTIFICATES:
        raise MalformedInput("der_malformed", detail="how many certificates")
    return OcspRequest(
        certificates=tuple(_asked(whole) for _, _, whole in asked),
        nonce=_nonce(by_tag[0xA2]) if 0xA2 in by_tag else None,
    )


def _parts(encoded: bytes) -> list[tuple[int, bytes, bytes]]:
    tag, content = der.only_element(encoded)
    if tag != der.SEQUENCE:
        raise MalformedInput("der_malformed", detail="not a SEQUENCE")
    return der.elements(content)


def _asked(request: bytes) -> CertificateId:
    """The CertID of one Request."""
    parts = _parts(request)
    if not parts or parts[0][0] != der.SEQUENCE:
        raise MalformedInput("der_malformed", detail="Request")
    fields = der.elements(parts[0][1])
    expected = [der.SEQUENCE, der.OCTET_STRING, der.OCTET_STRING, der.INTEGER]
    if [one[0] for one in fields] != expected:
        raise MalformedInput("der_malformed", detail="CertID")
    algorithm = der.elements(fields[0][1])
    if [one[0] for one in algorithm] not in (
        [der.OBJECT_IDENTIFIER],
        [der.OBJECT_IDENTIFIER, der.NULL],
    ):
        raise MalformedInput("der_malformed", detail="AlgorithmIdentifier")
    return CertificateId(
        encoded=parts[0][2],
        hash_name=_HASHES.get(read_oid(algorithm[0][1]), ""),
        name_hash=fields[1][1],
        key_hash=fields[2][1],
        serial=read_integer(fields[3][1]),
    )


def _nonce(extensions: bytes) -> bytes | None:
    """The nonce among the request's extensions; others are not critical to us unless they say so."""
    found = None
    for _, content, _ in der.elements(der.only_element(extensions)[1]):
        parts = der.elements(content)
        if len(parts) < 2 or parts[0][0] != der.OBJECT_IDENTIFIER:
            raise MalformedInput("der_malformed", detail="Extension")
        if read_oid(parts[0][1]) == NONCE:
            found = _nonce_value(parts[-1][1])
        elif parts[1][0] == 0x01 and parts[1][1] == b"\xff":
            raise MalformedInput("der_malformed", detail="critical extension unknown")
    return found


def _nonce_value(value: bytes) -> bytes:
    tag, nonce = der.only_element(value)
    if tag != der.OCTET_STRING or not 0 < len(nonce) <= _LONGEST_NONCE:
        raise MalformedInput("der_malformed", detail="nonce of 1 to 128 octets")
    return nonce


def _hash(name: str, content: bytes) -> bytes:
    return hashlib.new(name, content, usedforsecurity=False).digest()
