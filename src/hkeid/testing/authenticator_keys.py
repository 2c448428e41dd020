"""Keys and credentials of a software authenticator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from hkeid.kernel import base64url
from hkeid.kernel.errors import MissingExtra

try:
    from fido2 import cbor
    from fido2.cose import CoseKey
except ImportError:
    raise MissingExtra("fido2", "testing") from None

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(slots=True, kw_only=True)
class SoftwareCredential:
    """A discoverable credential in the authenticator."""

    id: bytes
    rp_id: str
    user_handle: bytes
    user_name: str
    display_name: str
    algorithm: int
    key: Key = field(repr=False)
    sign_count: int = 0

    def exported(self) -> dict[str, Any]:
        """The credential with its private key as JSON values."""
        key = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return {
            "credentialId": base64url.encode(self.id),
            "rpId": self.rp_id,
            "userHandle": base64url.encode(self.user_handle),
            "userName": self.user_name,
            "userDisplayName": self.display_name,
            "algorithm": self.algorithm,
            "privateKey": base64url.encode(key),
            "signCount": self.sign_count,
        }

    @classmethod
    def imported(cls, values: Mapping[str, Any]) -> SoftwareCredential:
        """The inverse of :meth:`exported`."""
        key = load_der_private_key(base64url.decode(values["privateKey"]), None)
        assert isinstance(
            key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
        )
        return cls(
            id=base64url.decode(values["credentialId"]),
            rp_id=values["rpId"],
            user_handle=base64url.decode(values["userHandle"]),
            user_name=values["userName"],
            display_name=values["userDisplayName"],
            algorithm=values["algorithm"],
            key=key,
            sign_count=values["signCount"],
        )


def cose_key(key: Key, algorithm: int) -> bytes:
    """The public half as COSE_Key bytes."""
    return cbor_bytes(CoseKey.for_alg(algorithm).from_cryptography_key(key.public_key()))


def cbor_bytes(value: Any) -> bytes:
    """A value in the CBOR of CTAP2."""
    encoded: bytes = cbor.encode(value)
    return encoded


def new_key(algorithm: int) -> Key:
    """A fresh key for a COSE algorithm: ES256, EdDSA, else RS256."""
    if algorithm == -7:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == -8:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign(key: Key, message: bytes) -> bytes:
    """Sign as WebAuthn L3 §6.5.6 wants it: ECDSA in DER, RSA PKCS#1 v1.5."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
