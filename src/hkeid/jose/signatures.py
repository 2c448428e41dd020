"""Raw signatures in the form that JWS wants, and public JWKs: what every key store is made of."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hkeid.jose.algorithms import MINIMUM_RSA_BITS
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import ConfigurationError

PrivateSigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Signer = Callable[[bytes], bytes]

_ECDSA_SHA256 = ec.ECDSA(SHA256())
_PKCS1 = padding.PKCS1v15()
_SHA256 = SHA256()


def generate(algorithm: str) -> PrivateSigningKey:
    """A new private key for ``ES256``, ``RS256`` or ``Ed25519``.

    :raises ConfigurationError: ``key_algorithm_unknown``.
    """
    match algorithm:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "Ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "RS256":
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    raise ConfigurationError("key_algorithm_unknown", detail=repr(algorithm))


def algorithm_of(key: object) -> str:
    """The one algorithm for which a private key is used.

    :raises ConfigurationError: ``key_algorithm_unknown`` (another curve or kind, or a short RSA key).
    """
    match key:
        case ec.EllipticCurvePrivateKey() if isinstance(key.curve, ec.SECP256R1):
            return "ES256"
        case ed25519.Ed25519PrivateKey():
            return "Ed25519"
        case rsa.RSAPrivateKey() if key.key_size >= MINIMUM_RSA_BITS:
            return "RS256"
    raise ConfigurationError("key_algorithm_unknown", detail=type(key).__name__)


def signer(key: PrivateSigningKey) -> Signer:
    """A function that signs a message with ``key`` (ECDSA: R‖S, RFC 7518 §3.4)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign
    if isinstance(key, rsa.RSAPrivateKey):
        rsa_sign = key.sign
        return lambda message: rsa_sign(message, _PKCS1, _SHA256)
    ecdsa_sign = key.sign

    def sign_es256(message: bytes) -> bytes:
        r, s = decode_dss_signature(ecdsa_sign(message, _ECDSA_SHA256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign_es256


def public_jwk(key: PrivateSigningKey) -> dict[str, Any]:
    """The public JWK of a private key, with ``kid`` (from the RFC 7638 thumbprint), ``use``, ``alg``."""
    members: dict[str, Any]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = key.public_key().public_bytes_raw()
        members = {"crv": "Ed25519", "kty": "OKP", "x": base64url.encode(raw)}
    elif isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        members = {"e": _integer(numbers.e), "kty": "RSA", "n": _integer(numbers.n)}
    else:
        point = key.public_key().public_numbers()
        members = {
            "crv": "P-256",
            "kty": "EC",
            "x": base64url.encode(point.x.to_bytes(32, "big")),
            "y": base64url.encode(point.y.to_bytes(32, "big")),
        }
    # Half of the thumbprint is plenty to tell keys apart and keeps the header short.
    kid = base64url.encode(sha256(canonical_json.dumps(members)).digest()[:16])
    return {**members, "kid": kid, "use": "sig", "alg": algorithm_of(key)}


def _integer(value: int) -> str:
    return base64url.encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))
