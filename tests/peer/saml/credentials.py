"""Keys that are made on the spot, with certificates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hkeid.ports.keys import KeyState
from hkeid.saml.dsig import XmlSigner
from hkeid.saml.dsig.algorithms import PrivateKey
from hkeid.saml.metadata.publication import OwnKey


@dataclass(frozen=True)
class Credential:
    """A key made on the spot and its certificate."""

    key: PrivateKey = field(repr=False)
    certificate: x509.Certificate = field(repr=False)

    @classmethod
    def make(cls, key: PrivateKey | None = None) -> Credential:
        key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer.example")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .sign(key, SHA256())
        )
        return cls(key, made)

    @property
    def key_pem(self) -> str:
        form = PrivateFormat.PKCS8
        return self.key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def base64(self) -> str:
        return "".join(self.pem.splitlines()[1:-1])

    @property
    def signer(self) -> XmlSigner:
        return XmlSigner.from_key(self.key, self.certificate)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def own(self, state: KeyState) -> OwnKey:
        """For metadata of ours."""
        return OwnKey(state=state, public=self.key.public_key(), certificate=self.der)
