"""Who answers for a metadata document, and how long it may be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import DEFAULT_POLICY, PublicKey, SignaturePolicy
from hkeid.saml.metadata.errors import (
    MetadataMisconfigured,
    MetadataReason,
    MetadataRefused,
)
from hkeid.saml.metadata.key_reader import UnusableKey, usable
from hkeid.saml.metadata.reader import Validity

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class SignedBy:
    """A document counts if one of these keys signed it as a whole.

    :ivar keys: of the operator of the federation, or of the peer itself.
    :ivar policy: with which algorithms.
    """

    keys: tuple[PublicKey, ...] = field(repr=False)
    policy: SignaturePolicy = DEFAULT_POLICY

    def __post_init__(self) -> None:
        if not self.keys:
            raise MetadataMisconfigured(MetadataReason.NO_TRUST, detail="no key")
        for key in self.keys:
            _configured(key)

    @classmethod
    def pem(cls, *files: bytes, policy: SignaturePolicy = DEFAULT_POLICY) -> SignedBy:
        """Out of certificates and public keys in PEM, several to a file where need be.

        Of a certificate the key counts, nothing else: its name and validity mean nothing here (Metadata
        Interoperability Profile 1.0 §2.5).

        :raises MetadataMisconfigured: ``saml_metadata_no_trust`` (nothing in a file), ``saml_key_syntax``,
            ``saml_key_kind``, ``saml_key_too_small``, ``saml_key_too_large``.
        """
        return cls(tuple(key for one in files for key in _pem_keys(one)), policy)


@dataclass(frozen=True, slots=True)
class TrustedAsItIs:
    """A document counts because the operator put it where it lies; signatures in it are not looked at.

    For local files alone: sources on the network do not take it.
    """


MetadataTrust = SignedBy | TrustedAsItIs


def _pem_keys(octets: bytes) -> Sequence[PublicKey]:
    try:
        if _CERTIFICATE in octets:
            found = [one.public_key() for one in x509.load_pem_x509_certificates(octets)]
        else:
            found = [load_pem_public_key(octets)]  # type: ignore[list-item]  # other kinds are refused next
    except (ValueError, UnsupportedAlgorithm):
        raise MetadataMisconfigured(MetadataReason.NO_TRUST, detail="no key in PEM") from None
    return [_configured(one) for one in found]


def _configured(key: object) -> PublicKey:
    try:
        return usable(key)
    except UnusableKey as error:
        raise MetadataMisconfigured(error.reason, detail=error.detail) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataPolicy:
    """How long a document may be used (saml-metadata §2.3.1; eduGAIN and SAML2int want an end to each).

    :ivar end_required: whether a document without ``validUntil`` is refused.
    :ivar longest: from now to ``validUntil`` at most; None for no bound.
    """

    end_required: bool = True
    longest: timedelta | None = timedelta(days=28)

    def check(self, validity: Validity, now: Instant) -> None:
        """Whether a document may be used ``now``.

        :raises MetadataRefused: ``saml_metadata_no_valid_until``, ``saml_metadata_expired``,
            ``saml_metadata_valid_too_long``.
        """
        until = validity.until
        if until is None:
            if self.end_required:
                raise MetadataRefused(MetadataReason.NO_VALID_UNTIL)
        elif until <= now:
            raise MetadataRefused(MetadataReason.EXPIRED, detail=until.isoformat())
        elif self.longest is not None and until - now > self.longest:
            raise MetadataRefused(MetadataReason.VALID_TOO_LONG, detail=until.isoformat())


DEFAULT_METADATA_POLICY = MetadataPolicy()
"""For what comes over the network."""

LOCAL_METADATA_POLICY = MetadataPolicy(end_required=False, longest=None)
"""For files that an operator put there, which often have no end; one that has is heeded."""
