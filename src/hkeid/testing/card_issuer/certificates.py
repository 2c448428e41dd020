"""Certificates, revocation lists and master lists in DER (Doc 9303-12), each rule breakable."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hkeid.testing.card_issuer.keys import Signer
from hkeid.testing.der import (
    bits,
    boolean,
    context,
    integer,
    moment,
    octets,
    oid,
    printable,
    sequence,
    set_of,
    text,
    tlv,
)

_BASIC_CONSTRAINTS, _KEY_USAGE = "2.5.29.19", "2.5.29.15"
_SUBJECT_KEY, _AUTHORITY_KEY = "2.5.29.14", "2.5.29.35"
_EXTENDED_USAGE, _DOCUMENT_TYPES = "2.5.29.37", "2.23.136.1.1.6.2"
MASTER_LIST_SIGNING = "2.23.136.1.1.3"

CERT_SIGN, CRL_SIGN, DIGITAL_SIGNATURE = 5, 6, 0


def name(country: str, common_name: str, organisation: str = "hkeid test documents") -> bytes:
    """A distinguished name of an invented authority."""
    return sequence(
        set_of(sequence(oid("2.5.4.6"), printable(country))),
        set_of(sequence(oid("2.5.4.10"), text(organisation))),
        set_of(sequence(oid("2.5.4.3"), text(common_name))),
    )


def key_identifier(public_key: bytes) -> bytes:
    """An identifier for a SubjectPublicKeyInfo."""
    return hashlib.sha1(public_key, usedforsecurity=False).digest()


def extension(identifier: str, value: bytes, *, critical: bool = False) -> bytes:
    """One extension."""
    flag = boolean(value=True) if critical else b""
    return sequence(oid(identifier), flag, octets(value))


def usage(*numbers: int) -> bytes:
    """Key usage with these bits (RFC 5280 §4.2.1.3), critical."""
    value = sum(0x80 >> number for number in numbers)
    unused = 7 - max(numbers)
    return extension(_KEY_USAGE, bits(bytes([value]), unused), critical=True)


def constraints(*, ca: bool, path_length: int | None = 0) -> bytes:
    """Basic constraints, critical."""
    inside = boolean(value=True) if ca else b""
    if ca and path_length is not None:
        inside += integer(path_length)
    return extension(_BASIC_CONSTRAINTS, sequence(inside), critical=True)


def key_identifiers(own: bytes, issuer: bytes) -> tuple[bytes, bytes]:
    """Subject and authority key identifiers of two SubjectPublicKeyInfo."""
    return (
        extension(_SUBJECT_KEY, octets(key_identifier(own))),
        extension(_AUTHORITY_KEY, sequence(context(0, key_identifier(issuer), primitive=True))),
    )


def document_types(*types: str) -> bytes:
    """The documents that a signer may sign (Doc 9303-12 §7.1.1.6): first letters of their codes."""
    listed = set_of(*(printable(one) for one in types))
    return extension(_DOCUMENT_TYPES, sequence(integer(0), listed))


def extended_usage(*purposes: str) -> bytes:
    """Extended key usage, critical."""
    return extension(
        _EXTENDED_USAGE, sequence(*(oid(purpose) for purpose in purposes)), critical=True
    )


@dataclass(frozen=True, kw_only=True)
class Certified:
    """A certificate with the key that it is about.

    :ivar subject: DER of its name.
    """

    der: bytes
    signer: Signer
    subject: bytes
    issuer: bytes
    serial: int
    not_before: datetime = field(repr=False)
    not_after: datetime = field(repr=False)


def certify(
    *,
    subject: bytes,
    signer: Signer,
    issuer: bytes,
    issuer_signer: Signer,
    valid: tuple[datetime, datetime],
    extensions: Sequence[bytes],
    serial: int | None = None,
    public_key: bytes | None = None,
) -> Certified:
    """Sign a certificate.

    :param public_key: SubjectPublicKeyInfo to put in instead of the signer's.
    """
    number = serial if serial is not None else secrets.randbits(120)
    body = sequence(
        context(0, integer(2)),
        integer(number),
        issuer_signer.algorithm,
        issuer,
        sequence(moment(valid[0]), moment(valid[1])),
        subject,
        public_key or signer.public_key,
        context(3, sequence(*extensions)),
    )
    signature = bits(issuer_signer.sign(body))
    return Certified(
        der=sequence(body, issuer_signer.algorithm, signature),
        signer=signer,
        subject=subject,
        issuer=issuer,
        serial=number,
        not_before=valid[0],
        not_after=valid[1],
    )


def revocation_list(
    issuer: Certified,
    revoked: Sequence[tuple[int, datetime]],
    *,
    this_update: datetime,
    next_update: datetime,
    number: int = 1,
) -> bytes:
    """A CRL, version 2."""
    entries = [sequence(integer(serial), moment(when)) for serial, when in revoked]
    body = sequence(
        integer(1),
        issuer.signer.algorithm,
        issuer.subject,
        moment(this_update),
        moment(next_update),
        sequence(*entries) if entries else b"",
        context(0, sequence(extension("2.5.29.20", integer(number)))),
    )
    return sequence(body, issuer.signer.algorithm, bits(issuer.signer.sign(body)))


def signed_data(
    *,
    content_type: str,
    content: bytes,
    signer: Certified,
    certificates: Sequence[bytes],
    digest: str | None = None,
    attributes: Sequence[bytes] | None = None,
    signature: bytes | None = None,
    signed_type: str | None = None,
    identifier: bytes | None = None,
    copies: int = 1,
) -> bytes:
    """CMS SignedData with signed attributes (RFC 5652 §5).

    :param digest: of the content; the signer's own, unless given.
    :param attributes: instead of content type and message digest.
    :param signed_type: content type that the attribute claims, where it differs.
    :param identifier: SignerIdentifier, instead of issuer and serial number.
    :param copies: how often the signer info stands there.
    """
    from hkeid.testing.card_issuer.keys import digest_algorithm

    hashed = digest or signer.signer.digest
    message_digest = hashlib.new(hashed, content, usedforsecurity=False).digest()
    inside = attributes or (
        sequence(oid("1.2.840.113549.1.9.3"), set_of(oid(signed_type or content_type))),
        sequence(oid("1.2.840.113549.1.9.4"), set_of(octets(message_digest))),
    )
    signed = set_of(*inside)
    info = sequence(
        integer(1),
        identifier or sequence(signer.issuer, integer(signer.serial)),
        digest_algorithm(hashed),
        b"\xa0" + signed[1:],
        signer.signer.algorithm,
        octets(signature if signature is not None else signer.signer.sign(signed)),
    )
    body = sequence(
        integer(3),
        set_of(digest_algorithm(hashed)),
        sequence(oid(content_type), context(0, octets(content))),
        tlv(0xA0, *certificates) if certificates else b"",
        tlv(0x31, *([info] * copies)),
    )
    return sequence(oid("1.2.840.113549.1.7.2"), context(0, body))
