"""A maker of authenticators for tests: a root, attestation certificates, and trust in them.

Every fault that a chain can have is an argument.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

AAGUID = bytes.fromhex("7e57ab1e000040008000000068b6e1d0")
"""The AAGUID of software authenticators: no real model's."""

FROM = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
UNTIL = dt.datetime(2050, 1, 1, tzinfo=dt.UTC)
_OID_AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def name(common_name: str, unit: str = "Authenticator Attestation CA") -> x509.Name:
    """A distinguished name of the invented maker."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "HK"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "hkeid test authenticators"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


LEAF_NAME = name("Software authenticator batch 1", "Authenticator Attestation")


def certificate(
    *,
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    issuer: x509.Name,
    issuer_key: PrivateKey,
    ca: bool | None,
    path_length: int | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    not_before: dt.datetime = FROM,
    not_after: dt.datetime = UNTIL,
    digest: hashes.SHA256 | hashes.SHA384 | None = None,
) -> x509.Certificate:
    """Any certificate. ``ca`` None leaves Basic Constraints out."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    if ca is not None:
        constraints = x509.BasicConstraints(ca=ca, path_length=path_length if ca else None)
        builder = builder.add_extension(constraints, critical=True)
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    return builder.sign(issuer_key, digest or hashes.SHA256())


def aaguid_extension(aaguid: bytes) -> x509.UnrecognizedExtension:
    """``id-fido-gen-ce-aaguid`` (WebAuthn L3 §8.2.1)."""
    return x509.UnrecognizedExtension(_OID_AAGUID, b"\x04\x10" + aaguid)


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(kw_only=True)
class AttestationAuthority:
    """A root certificate and its key.

    Implements :class:`hkeid.webauthn.AttestationTrust` for the models of ``aaguids`` (None: all).
    """

    subject: x509.Name = field(default_factory=lambda: name("hkeid test attestation root"))
    key: PrivateKey = field(default_factory=_new_key, repr=False)
    not_before: dt.datetime = FROM
    not_after: dt.datetime = UNTIL
    aaguids: frozenset[str] | None = None
    root: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        self.root = certificate(
            subject=self.subject,
            public_key=self.key.public_key(),
            issuer=self.subject,
            issuer_key=self.key,
            ca=True,
            not_before=self.not_before,
            not_after=self.not_after,
        )

    def anchors_for(
        self, aaguid: str, trust_path: Sequence[x509.Certificate]
    ) -> Sequence[x509.Certificate]:
        """The root, for models of this maker."""
        if not trust_path or (self.aaguids is not None and aaguid not in self.aaguids):
            return ()
        return (self.root,)

    def issue(
        self,
        public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        *,
        subject: x509.Name = LEAF_NAME,
        ca: bool | None = False,
        path_length: int | None = None,
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
        not_before: dt.datetime = FROM,
        not_after: dt.datetime = UNTIL,
        issuer: x509.Name | None = None,
        digest: hashes.SHA256 | hashes.SHA384 | None = None,
    ) -> x509.Certificate:
        """A certificate signed by the root; ``issuer`` lies about whose it is."""
        return certificate(
            subject=subject,
            public_key=public_key,
            issuer=issuer or self.subject,
            issuer_key=self.key,
            ca=ca,
            path_length=path_length,
            extensions=extensions,
            not_before=not_before,
            not_after=not_after,
            digest=digest,
        )


@dataclass(kw_only=True)
class Batch:
    """An attestation key with the chain that vouches for it (without the root).

    :ivar chain: DER certificates for ``x5c``, attestation certificate first.
    """

    key: PrivateKey = field(repr=False)
    chain: tuple[bytes, ...]


def new_batch(authority: AttestationAuthority, *, aaguid: bytes = AAGUID) -> Batch:
    """A batch of authenticators of one model, vouched for by ``authority``."""
    key = _new_key()
    leaf = authority.issue(key.public_key(), extensions=[(aaguid_extension(aaguid), False)])
    return Batch(key=key, chain=(leaf.public_bytes(Encoding.DER),))
