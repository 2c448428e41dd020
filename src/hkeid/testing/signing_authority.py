"""A certification authority, a time-stamp authority and a revocation source of a test run.

All in memory, with keys made on the spot; what they issue is marked SPECIMEN. They are for tests of signing,
and say yes to everything.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import ValidationMaterial
from hkeid.signing import Signer, der
from hkeid.signing.algorithms import hash_oid
from hkeid.signing.cms import issuer_and_serial
from hkeid.signing.cms.attributes import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_CERTIFICATE_V2,
    attribute,
)

_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_POLICY = "1.3.6.1.4.1.99999.1"
_DAYS = 3650


def new_key(kind: str) -> Any:
    """A private key: ``p256``, ``p384``, ``ed25519``, ``rsa2048`` and so on."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1()}[kind])


@dataclass
class SigningAuthority:
    """A root and an issuing authority beneath it.

    :ivar since: from when certificates are valid.
    """

    since: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=2))
    root_key: Any = field(default_factory=lambda: new_key("p256"), repr=False)
    key: Any = field(default_factory=lambda: new_key("p256"), repr=False)
    _lists: dict[Instant, tuple[bytes, ...]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        root, issuing = _name("SPECIMEN Root"), _name("SPECIMEN Issuing 樣本")
        authority = x509.BasicConstraints(ca=True, path_length=None)
        use = _usage(key_cert_sign=True, crl_sign=True)
        self.root = self._certificate(root, root, self.root_key, self.root_key, use, authority)
        self.certificate = self._certificate(issuing, root, self.key, self.root_key, use, authority)

    def issue(
        self,
        key: Any,
        name: str = "SPECIMEN 樣本 CHAN Tai Man",
        *,
        usage: x509.KeyUsage | None = None,
        purpose: x509.ObjectIdentifier | None = None,
        days: int = _DAYS,
    ) -> x509.Certificate:
        """A certificate for a key; for signing documents, unless said otherwise."""
        extensions = [x509.ExtendedKeyUsage([purpose])] if purpose else []
        return self._certificate(
            _name(name),
            self.certificate.subject,
            key,
            self.key,
            usage or _usage(content_commitment=True),
            *extensions,
            days=days,
        )

    def signer(self, kind: str = "p256", **wishes: Any) -> Signer:
        """A signer with a new key and a certificate for it."""
        key = new_key(kind)
        return Signer.from_key(key, self.issue(key, **wishes), [self.certificate])

    def material(self, chain: Sequence[bytes], at: Instant) -> ValidationMaterial:
        """As :meth:`hkeid.ports.certificates.RevocationSource.material`: empty revocation lists of both."""
        assert chain
        if at not in self._lists:
            issuers = [(self.certificate, self.key), (self.root, self.root_key)]
            self._lists[at] = tuple(_revocation_list(*one, at) for one in issuers)
        return ValidationMaterial(certificates=(_der(self.root),), crls=self._lists[at])

    def _certificate(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: Any,
        issuer_key: Any,
        usage: x509.KeyUsage,
        *extensions: x509.ExtensionType,
        days: int = _DAYS,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(self.since)
            .not_valid_after(self.since + timedelta(days=days))
            .add_extension(usage, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
                critical=False,
            )
        )
        for one in extensions:
            builder = builder.add_extension(one, critical=True)
        return builder.sign(issuer_key, hashes.SHA256())


class SpecimenTimestamps:
    """:class:`hkeid.ports.TimestampAuthority` that stamps with the machine's clock.

    :param usage: of its certificate, see :func:`key_usage`.
    :param purpose: the same.
    :ivar stamped: what came, for tests to look at.
    """

    def __init__(
        self,
        authority: SigningAuthority,
        *,
        usage: str = "digital_signature",
        purpose: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.TIME_STAMPING,
    ) -> None:
        self._key = new_key("p256")
        self._certificate = _der(
            authority.issue(
                self._key,
                "SPECIMEN Time",
                usage=key_usage(usage),
                purpose=purpose,
            )
        )
        self._chain = (_der(authority.certificate),)
        self.stamped: list[bytes] = []

    def stamp(self, digest: bytes, *, hash_name: str = "sha256") -> bytes:
        """As :meth:`hkeid.ports.TimestampAuthority.stamp`; RFC 3161 §2.4.2, RFC 5816 §2.2.1."""
        self.stamped.append(digest)
        now = datetime.now(UTC).strftime("%Y%m%d%H%M%SZ").encode("ascii")
        info = der.sequence(
            der.integer(1),
            der.oid(_POLICY),
            der.sequence(der.algorithm(hash_oid(hash_name)), der.octet_string(digest)),
            der.integer(secrets.randbits(63)),
            der.tlv(0x18, now),
        )
        named = issuer_and_serial(self._certificate)
        certificate = der.sequence(
            der.octet_string(hashlib.sha256(self._certificate).digest()), named.as_issuer_serial()
        )
        attributes = der.set_of(
            (
                attribute(CONTENT_TYPE, der.oid(_TST_INFO)),
                attribute(MESSAGE_DIGEST, der.octet_string(hashlib.sha256(info).digest())),
                attribute(SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(certificate))),
            )
        )
        return self._signed(info, attributes)

    def _signed(self, info: bytes, attributes: bytes) -> bytes:
        digest = der.algorithm(hash_oid("sha256"))
        signer = der.sequence(
            der.integer(1),
            issuer_and_serial(self._certificate).encoded(),
            digest,
            b"\xa0" + attributes[1:],
            der.algorithm("1.2.840.10045.4.3.2"),
            der.octet_string(self._key.sign(attributes, ec.ECDSA(hashes.SHA256()))),
        )
        content = der.sequence(
            der.integer(3),
            der.set_of((digest,)),
            der.sequence(der.oid(_TST_INFO), der.tagged(0, der.octet_string(info))),
            der.set_of((self._certificate, *self._chain), tag=0xA0),
            der.set_of((signer,)),
        )
        return der.sequence(der.oid("1.2.840.113549.1.7.2"), der.tagged(0, content))


def _revocation_list(issuer: x509.Certificate, key: Any, at: Instant) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder(
            issuer.subject, at - timedelta(hours=1), at + timedelta(days=1)
        )
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "HK"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def key_usage(name: str) -> x509.KeyUsage:
    """A key usage of one bit, as :class:`x509.KeyUsage` spells it: ``content_commitment`` and so on."""
    return _usage(**{name: True})


def _usage(**named: bool) -> x509.KeyUsage:
    every = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**(every | named))
