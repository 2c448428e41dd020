"""Certificates and requests, put together as DER and signed by a key behind a protocol."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.kernel.instants import Instant
from hkeid.ports.surroundings import Random
from hkeid.signing import der
from hkeid.signing.certificates.encoding import bit_string, validity_time
from hkeid.signing.certificates.keys import AuthorityKey, algorithm_of

_VERSION_3 = 2
_SERIAL_OCTETS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateBody:
    """What a certificate says.

    :ivar issuer: Name, DER; ``subject`` likewise.
    :ivar public_key: SubjectPublicKeyInfo, DER.
    :ivar extensions: each an Extension, DER.
    """

    serial: int
    issuer: bytes
    subject: bytes
    not_before: Instant
    not_after: Instant
    public_key: bytes
    extensions: tuple[bytes, ...]


def build_certificate(body: CertificateBody, key: AuthorityKey) -> bytes:
    """Certificate (RFC 5280 §4.1), DER, signed by ``key``."""
    algorithm = algorithm_of(key.public_key).identifier
    return signed(
        key,
        der.tagged(0, der.integer(_VERSION_3)),
        der.integer(body.serial),
        algorithm,
        body.issuer,
        der.sequence(validity_time(body.not_before), validity_time(body.not_after)),
        body.subject,
        body.public_key,
        # RFC 5280 §4.1: SEQUENCE SIZE (1..MAX): where there are none, nothing stands for them.
        *((der.tagged(3, der.sequence(*body.extensions)),) if body.extensions else ()),
    )


def build_request(key: AuthorityKey, subject: bytes = b"\x30\x00") -> bytes:
    """CertificationRequest (RFC 2986 §4), DER: proof that whoever asks holds the key.

    :param subject: Name, DER; authorities give names of their own.
    """
    return signed(key, der.integer(0), subject, key.public_key, der.tagged(0))


def signed(key: AuthorityKey, *elements: bytes) -> bytes:
    """SEQUENCE of the elements as a SEQUENCE, the algorithm, and the signature: certificates, requests
    and revocation lists all have this form.
    """
    statement = der.sequence(*elements)
    return der.sequence(
        statement, algorithm_of(key.public_key).identifier, bit_string(key.sign(statement))
    )


def new_serial(random: Random) -> int:
    """A serial number of 126 random bits, positive, of 16 octets (RFC 5280 §4.1.2.2: at most 20)."""
    value = int.from_bytes(random.token_bytes(_SERIAL_OCTETS), "big")
    return value & ((1 << 126) - 1) | 1 << 126
