"""By which a certificate is named in a signature, cut out of it byte by byte.

Names are never encoded anew: another string type would be another name to a strict reader.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from hkeid.kernel.errors import MalformedInput
from hkeid.signing import der


@dataclass(frozen=True, slots=True)
class IssuerAndSerial:
    """``issuer`` is the Name and ``serial`` the INTEGER, both DER as they stand in the certificate."""

    issuer: bytes
    serial: bytes

    def encoded(self) -> bytes:
        """IssuerAndSerialNumber (RFC 5652 §10.2.4)."""
        return der.sequence(self.issuer, self.serial)

    def as_issuer_serial(self) -> bytes:
        """IssuerSerial (RFC 5035 §4): the name inside GeneralNames."""
        return der.sequence(der.sequence(der.tagged(4, self.issuer)), self.serial)


@lru_cache(maxsize=1024)
def issuer_and_serial(certificate: bytes) -> IssuerAndSerial:
    """Issuer and serial number of a DER certificate (RFC 5280 §4.1).

    :raises hkeid.kernel.errors.MalformedInput: ``der_malformed``.
    """
    serial, _, issuer, _, _ = _fields(certificate)
    return IssuerAndSerial(issuer=issuer, serial=serial)


def subject(certificate: bytes) -> bytes:
    """The subject's Name, DER.

    :raises hkeid.kernel.errors.MalformedInput: ``der_malformed``.
    """
    return _fields(certificate)[4]


def chain_from(leaf: bytes, others: Collection[bytes]) -> tuple[bytes, ...]:
    """The leaf and, as far as they are among ``others``, its issuers up to the root, found by name."""
    chain = [leaf]
    while True:
        wanted = issuer_and_serial(chain[-1]).issuer
        found = next((one for one in others if subject(one) == wanted and one not in chain), None)
        if found is None or wanted == subject(chain[-1]):
            return tuple(chain)
        chain.append(found)


def _fields(certificate: bytes) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """Serial number, signature algorithm, issuer, validity and subject of the TBSCertificate."""
    tag, content = der.only_element(certificate)
    parts = der.elements(content)
    if tag != der.SEQUENCE or len(parts) != 3:
        raise MalformedInput("der_malformed", detail="not a certificate")
    fields = der.elements(parts[0][1])
    if fields and fields[0][0] == 0xA0:
        fields = fields[1:]  # [0] version
    if [one[0] for one in fields[:5]] != [der.INTEGER, *(4 * [der.SEQUENCE])]:
        raise MalformedInput("der_malformed", detail="not a certificate")
    serial, signature, issuer, validity, name = (one[2] for one in fields[:5])
    return serial, signature, issuer, validity, name
