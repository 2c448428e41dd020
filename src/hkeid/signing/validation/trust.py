"""Whom a validation trusts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hkeid.kernel.errors import MalformedInput
from hkeid.ports.certificates import ValidationMaterial
from hkeid.signing.legal import TrustList, key_hash, shipped_trust_list

Certificate = x509.Certificate | bytes
_SEQUENCE = b"\x30"
"""A certificate, or its DER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationTrust:
    """What chains may end in, and what recognition the law gives.

    :ivar anchors: certificates, DER, that a signer's chain may end in.
    :ivar anchor_keys: SHA-256 (hex) of the keys of further ones.
    :ivar timestamp_anchors: the same for time-stamps; None for those of signers.
    :ivar embedded: certificates, DER, of embedded authorities. Whatever they issued is never recognised under
        Cap. 553, whichever list says so.
    :ivar recognised: recognised certification authorities, dated.
    :ivar material: certificates and revocation information beside what the file brings along.
    """

    anchors: tuple[bytes, ...] = ()
    anchor_keys: frozenset[str] = frozenset()
    timestamp_anchors: tuple[bytes, ...] | None = None
    embedded: tuple[bytes, ...] = ()
    recognised: TrustList = field(default_factory=shipped_trust_list)
    material: ValidationMaterial = field(default_factory=ValidationMaterial)

    @classmethod
    def of(
        cls,
        anchors: Sequence[Certificate],
        *,
        timestamp_anchors: Sequence[Certificate] | None = None,
        embedded: Sequence[Certificate] = (),
        recognised: TrustList | None = None,
        material: ValidationMaterial | None = None,
    ) -> ValidationTrust:
        """Trust in certificates: objects, or DER. ``embedded`` ones are anchors as well.

        :raises hkeid.kernel.errors.MalformedInput: ``certificate_malformed``: bytes that are not DER, such as PEM.
        """
        own = tuple(_der(one) for one in embedded)
        return cls(
            anchors=(*(_der(one) for one in anchors), *own),
            timestamp_anchors=None
            if timestamp_anchors is None
            else tuple(_der(one) for one in timestamp_anchors),
            embedded=own,
            recognised=shipped_trust_list() if recognised is None else recognised,
            material=material or ValidationMaterial(),
        )

    @classmethod
    def in_list(cls, recognised: TrustList) -> ValidationTrust:
        """Trust in the keys of a list of recognised authorities, and in nobody else."""
        keys = frozenset(key for _, issuer in recognised.issuers() for key in issuer.keys)
        return cls(anchor_keys=keys, recognised=recognised)

    def is_embedded(self, chain: Sequence[bytes]) -> bool:
        """Whether one of the embedded authorities' keys is in a chain."""
        keys = {_key(one) for one in self.embedded}
        return bool(keys) and any(_key(one) in keys for one in chain)


def _key(certificate: bytes) -> str:
    try:
        return key_hash(certificate)
    except MalformedInput:
        return ""


def _der(certificate: Certificate) -> bytes:
    if isinstance(certificate, bytes):
        if not certificate.startswith(_SEQUENCE):
            raise MalformedInput("certificate_malformed", detail="bytes must be DER, not PEM")
        return certificate
    return certificate.public_bytes(Encoding.DER)
