"""Attestation in the platforms' own formats: TPM, Android, Apple, U2F, each in software.

An attestor is given to ``SoftwareAuthenticator(attestation=…)``; its members are the faults that a
statement of that format can have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from hkeid.testing.authenticator_ca import AttestationAuthority, aaguid_extension
from hkeid.testing.authenticator_keys import SoftwareCredential, sign

Statement = tuple[str, dict[str, Any]]
Attestor = Callable[[SoftwareCredential, bytes, bytes], Statement]
"""From credential, authenticator data and client data hash to format and statement."""

_AIK = ObjectIdentifier("2.23.133.8.3")
_APPLE_NONCE = ObjectIdentifier("1.2.840.113635.100.8.2")
_KEY_DESCRIPTION = ObjectIdentifier("1.3.6.1.4.1.11129.2.1.17")


def der(identifier: int, content: bytes) -> bytes:
    """One DER element with a short identifier."""
    if len(content) < 0x80:
        return bytes([identifier, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([identifier, 0x80 | size]) + len(content).to_bytes(size, "big") + content


def explicit(number: int, content: bytes) -> bytes:
    """``[number] EXPLICIT`` in DER."""
    if number < 0x1F:
        return der(0xA0 | number, content)
    return bytes([0xBF, 0x80 | number >> 7, number & 0x7F]) + der(0, content)[1:]


def _integer(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _chain(leaf: x509.Certificate, others: Sequence[x509.Certificate]) -> list[bytes]:
    return [one.public_bytes(Encoding.DER) for one in (leaf, *others)]


def _public(credential: SoftwareCredential) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
    key = credential.key.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    return key


@dataclass(kw_only=True)
class U2fAttestor:
    """fido-u2f (WebAuthn L3 §8.6)."""

    authority: AttestationAuthority
    curve: ec.EllipticCurve = field(default_factory=ec.SECP256R1)
    more: Sequence[x509.Certificate] = ()

    def __call__(
        self, credential: SoftwareCredential, auth_data: bytes, client_data_hash: bytes
    ) -> Statement:
        """Format and statement."""
        key = ec.generate_private_key(self.curve)
        point = _public(credential).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        message = b"\x00" + auth_data[:32] + client_data_hash + credential.id + point
        leaf = self.authority.issue(key.public_key())
        return "fido-u2f", {"sig": sign(key, message), "x5c": _chain(leaf, self.more)}


@dataclass(kw_only=True)
class AppleAttestor:
    """apple (WebAuthn L3 §8.8)."""

    authority: AttestationAuthority
    nonce: bytes | None = None
    extension: bytes | None = None
    without_extension: bool = False
    key: ec.EllipticCurvePublicKey | None = None

    def __call__(
        self, credential: SoftwareCredential, auth_data: bytes, client_data_hash: bytes
    ) -> Statement:
        """Format and statement."""
        nonce = self.nonce or hashlib.sha256(auth_data + client_data_hash).digest()
        value = self.extension or der(0x30, explicit(1, der(0x04, nonce)))
        extension = x509.UnrecognizedExtension(_APPLE_NONCE, value)
        leaf = self.authority.issue(
            self.key or _public(credential),
            extensions=[] if self.without_extension else [(extension, False)],
        )
        return "apple", {"x5c": _chain(leaf, ())}


@dataclass(kw_only=True)
class AndroidKeyAttestor:
    """android-key (WebAuthn L3 §8.4).

    :ivar level: security level: 0 software, 1 trusted environment, 2 StrongBox.
    :ivar in_software: put the authorisations into the list that software enforces.
    :ivar authorisations: DER of the list, in place of what the others would make of it.
    :ivar with_root: whether the chain ends with the root, as real phones have it.
    """

    authority: AttestationAuthority
    level: int = 1
    purposes: tuple[int, ...] | None = (2,)
    origin: int | None = 0
    all_applications: bool = False
    in_software: bool = False
    authorisations: bytes | None = None
    challenge: bytes | None = None
    description: bytes | None = None
    without_description: bool = False
    key: ec.EllipticCurvePublicKey | None = None
    algorithm: int | None = None
    with_root: bool = True
    reverse: bool = False

    def __call__(
        self, credential: SoftwareCredential, auth_data: bytes, client_data_hash: bytes
    ) -> Statement:
        """Format and statement."""
        value = self.description or self._description(client_data_hash)
        extension = x509.UnrecognizedExtension(_KEY_DESCRIPTION, value)
        leaf = self.authority.issue(
            self.key or _public(credential),
            ca=None,
            extensions=[] if self.without_description else [(extension, False)],
        )
        chain = _chain(leaf, (self.authority.root,) if self.with_root else ())
        return "android-key", {
            "alg": credential.algorithm if self.algorithm is None else self.algorithm,
            "sig": sign(credential.key, auth_data + client_data_hash),
            "x5c": chain[::-1] if self.reverse else chain,
        }

    def _description(self, client_data_hash: bytes) -> bytes:
        entries = self.authorisations
        if entries is None:
            entries = b""
            if self.purposes is not None:
                entries += explicit(1, der(0x31, b"".join(map(_integer, self.purposes))))
            if self.all_applications:
                entries += explicit(600, der(0x05, b""))
            if self.origin is not None:
                entries += explicit(702, _integer(self.origin))
        lists = [der(0x30, b""), der(0x30, entries)]
        members = [
            _integer(300),
            der(0x0A, bytes([self.level])),
            _integer(300),
            der(0x0A, bytes([self.level])),
            der(0x04, client_data_hash if self.challenge is None else self.challenge),
            der(0x04, b""),
            *(lists[::-1] if self.in_software else lists),
        ]
        return der(0x30, b"".join(members))


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def tpm_public_area(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> bytes:
    """TPMT_PUBLIC of a signing key (TPM 2.0 Part 2 §12.2.4)."""
    signing = (0x00040072).to_bytes(4, "big")
    if isinstance(key, ec.EllipticCurvePublicKey):
        numbers = key.public_numbers()
        parameters = bytes.fromhex("0010 0010 0003 0010")
        unique = _sized(numbers.x.to_bytes(32, "big")) + _sized(numbers.y.to_bytes(32, "big"))
        kind = b"\x00\x23"
    else:
        modulus = key.public_numbers().n
        parameters = bytes.fromhex("0010 0010 0800 00000000")
        unique = _sized(modulus.to_bytes(key.key_size // 8, "big"))
        kind = b"\x00\x01"
    return kind + b"\x00\x0b" + signing + _sized(b"") + parameters + unique


def tpm_names(manufacturer: str = "id:49465800") -> x509.SubjectAlternativeName:
    """The subject alternative name of a TPM's certificate."""
    values = {"2.23.133.2.1": manufacturer, "2.23.133.2.2": "test", "2.23.133.2.3": "id:13"}
    attributes = [x509.NameAttribute(ObjectIdentifier(oid), value) for oid, value in values.items()]
    return x509.SubjectAlternativeName(
        [x509.DirectoryName(x509.Name([x509.RelativeDistinguishedName(attributes)]))]
    )


@dataclass(kw_only=True)
class TpmAttestor:
    """tpm (WebAuthn L3 §8.3).

    :ivar names: subject alternative name, or None for none.
    :ivar usage: extended key usages, or None for none.
    :ivar cert_info: rewrites ``certInfo`` before it is signed.
    :ivar statement: rewrites the statement.
    """

    authority: AttestationAuthority
    subject: x509.Name = field(default_factory=lambda: x509.Name([]))
    names: x509.SubjectAlternativeName | None = field(default_factory=tpm_names)
    usage: tuple[ObjectIdentifier, ...] | None = (_AIK,)
    ca: bool | None = False
    aaguid: bytes | None = None
    magic: bytes = b"\xffTCG"
    type: bytes = b"\x80\x17"
    extra_data: bytes | None = None
    name: bytes | None = None
    public_area: bytes | None = None
    cert_info: Callable[[bytes], bytes] | None = None
    statement: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    rsa_identity: bool = False

    def __call__(
        self, credential: SoftwareCredential, auth_data: bytes, client_data_hash: bytes
    ) -> Statement:
        """Format and statement."""
        area = self.public_area or tpm_public_area(_public(credential))
        name = self.name or b"\x00\x0b" + hashlib.sha256(area).digest()
        extra = self.extra_data or hashlib.sha256(auth_data + client_data_hash).digest()
        info = b"".join(
            (
                self.magic + self.type,
                _sized(b"qualified signer"),
                _sized(extra),
                bytes(17 + 8),
                _sized(name),
                _sized(b"qualified name"),
            )
        )
        if self.cert_info is not None:
            info = self.cert_info(info)
        leaf, signature, algorithm = self._identity(info)
        statement = {
            "ver": "2.0",
            "alg": algorithm,
            "x5c": _chain(leaf, ()),
            "sig": signature,
            "certInfo": info,
            "pubArea": area,
        }
        return "tpm", self.statement(statement) if self.statement else statement

    def _identity(self, info: bytes) -> tuple[x509.Certificate, bytes, int]:
        """An attestation identity key, its certificate, and its signature over ``info``."""
        extensions: list[tuple[x509.ExtensionType, bool]] = []
        if self.names is not None:
            extensions.append((self.names, True))
        if self.usage is not None:
            extensions.append((x509.ExtendedKeyUsage(self.usage), False))
        if self.aaguid is not None:
            extensions.append((aaguid_extension(self.aaguid), False))
        if self.rsa_identity:
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            signature = key.sign(info, padding.PKCS1v15(), hashes.SHA256())
            leaf = self._issue(key.public_key(), extensions)
            return leaf, signature, -257
        own = ec.generate_private_key(ec.SECP256R1())
        return self._issue(own.public_key(), extensions), sign(own, info), -7

    def _issue(
        self,
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        extensions: list[tuple[x509.ExtensionType, bool]],
    ) -> x509.Certificate:
        return self.authority.issue(key, subject=self.subject, ca=self.ca, extensions=extensions)


def named(common_name: str) -> x509.Name:
    """A subject where a TPM's certificate should have none."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
