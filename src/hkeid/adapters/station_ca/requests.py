"""What the station does with its own key: make it, ask for a certificate, sign readings."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from hkeid.kernel.errors import ConfigurationError


def make_key() -> bytes:
    """A new private key (PKCS #8, PEM)."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_request(key: bytes) -> str:
    """A certificate signing request for a key (PEM)."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hkeid station")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    request = builder.sign(_key(key), hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode("ascii")


def sign(key: bytes, message: bytes) -> bytes:
    """Sign as a station does (ECDSA with SHA-256, DER)."""
    return _key(key).sign(message, ec.ECDSA(hashes.SHA256()))


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        raise ConfigurationError("station_key_malformed") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigurationError("station_key_malformed", detail="not an EC key")
    return key
