"""Certificates, revocation lists and signed messages as values: what :mod:`hkeid.chip.asn1` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant


class MalformedStructure(MalformedInput):
    """A certificate, list or message that does not parse (``structure_malformed``)."""

    def __init__(self, detail: str) -> None:
        super().__init__("structure_malformed", detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureAlgorithm:
    """How a signature was made.

    :ivar scheme: ``rsa``, ``pss``, ``ecdsa``, or empty where it is none of these.
    :ivar digest: ``sha256`` …; None where the identifier leaves it to another field or is unknown.
    :ivar mask_digest: hash of the mask generation function of PSS.
    """

    name: str
    scheme: str
    digest: str | None
    mask_digest: str | None = None
    salt_length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A certificate extension: its DER value and whether it is critical."""

    critical: bool
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The parts of an X.509 certificate that trust is decided by.

    :ivar signed: the bytes that the signature covers.
    :ivar issuer: the issuer's name in a form that may be compared; likewise ``subject``.
    :ivar country: upper-case country of the subject, or empty; likewise ``issuer_country``.
    :ivar label: the subject's name for people.
    :ivar key: DER of ``SubjectPublicKeyInfo``.
    :ivar consistent: the algorithm inside the signed part is that outside.
    """

    der: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    serial: int
    issuer: str
    subject: str
    country: str
    issuer_country: str
    label: str
    not_before: Instant
    not_after: Instant
    key: bytes = field(repr=False)
    algorithm: SignatureAlgorithm
    consistent: bool
    signature: bytes = field(repr=False)
    extensions: Mapping[str, Extension] = field(repr=False)
    repeated_extension: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """A CRL.

    :ivar revoked: moments of revocation by serial number.
    :ivar partial: it is a delta or covers only part of the certificates, or has unknown critical parts.
    """

    signed: bytes = field(repr=False)
    issuer: str
    this_update: Instant
    next_update: Instant | None
    revoked: Mapping[int, Instant] = field(repr=False)
    algorithm: SignatureAlgorithm
    signature: bytes = field(repr=False)
    partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerEntry:
    """One SignerInfo.

    :ivar issuer: name and ``serial`` of the signer's certificate, or ``key_identifier``.
    :ivar signed_attributes: DER as ``SET OF``, the bytes that are signed; None where there are none.
    :ivar content_types: values of the content-type attributes; likewise ``message_digests``.
    :ivar signing_time: of the attribute, if there is one.
    """

    issuer: str | None
    serial: int | None
    key_identifier: bytes | None
    digest: str
    algorithm: SignatureAlgorithm
    signature: bytes = field(repr=False)
    signed_attributes: bytes | None = field(repr=False)
    content_types: tuple[str, ...]
    message_digests: tuple[bytes, ...] = field(repr=False)
    signing_time: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMessage:
    """CMS SignedData (RFC 5652 §5).

    :ivar certificates: DER of each, in order.
    """

    content_type: str
    content: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    signers: tuple[SignerEntry, ...]
