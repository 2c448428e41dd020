"""COSE public keys (RFC 9052 §7, RFC 9053): strict parsing, and signatures made with them.

A key is loaded once and kept by its bytes, so that a login costs one signature verification and not
a point decompression besides. Only keys whose every check passed are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

from hkeid.webauthn import cbor
from hkeid.webauthn.errors import CeremonyRefused, MalformedResponse

_RSA_BITS = (2048, 8192)


class _Elliptic(NamedTuple):
    """An ECDSA algorithm with the one curve that may go with it (WebAuthn L3 §5.8.5)."""

    number: int
    curve: ec.EllipticCurve
    size: int
    digest: hashes.HashAlgorithm
    scheme: ec.ECDSA


class _Edwards(NamedTuple):
    number: int
    load: Callable[[bytes], ed25519.Ed25519PublicKey | ed448.Ed448PublicKey]
    kind: type[ed25519.Ed25519PublicKey | ed448.Ed448PublicKey]


class _Rsa(NamedTuple):
    digest: hashes.HashAlgorithm
    pss: bool


_P256 = _Elliptic(1, ec.SECP256R1(), 32, hashes.SHA256(), ec.ECDSA(hashes.SHA256()))
_P384 = _Elliptic(2, ec.SECP384R1(), 48, hashes.SHA384(), ec.ECDSA(hashes.SHA384()))
_P521 = _Elliptic(3, ec.SECP521R1(), 66, hashes.SHA512(), ec.ECDSA(hashes.SHA512()))
_ED25519 = _Edwards(6, ed25519.Ed25519PublicKey.from_public_bytes, ed25519.Ed25519PublicKey)
_ED448 = _Edwards(7, ed448.Ed448PublicKey.from_public_bytes, ed448.Ed448PublicKey)

_ALGORITHMS: Mapping[int, _Elliptic | _Edwards | _Rsa] = {
    -7: _P256,  # ES256
    -9: _P256,  # ESP256
    -35: _P384,  # ES384
    -51: _P384,  # ESP384
    -36: _P521,  # ES512
    -52: _P521,  # ESP512
    -8: _ED25519,  # EdDSA; WebAuthn L3 §5.8.5 allows Ed25519 only
    -19: _ED25519,  # Ed25519
    -53: _ED448,  # Ed448
    -257: _Rsa(hashes.SHA256(), pss=False),  # RS256
    -258: _Rsa(hashes.SHA384(), pss=False),
    -259: _Rsa(hashes.SHA512(), pss=False),
    -37: _Rsa(hashes.SHA256(), pss=True),  # PS256
    -38: _Rsa(hashes.SHA384(), pss=True),
    -39: _Rsa(hashes.SHA512(), pss=True),
}

SUPPORTED_ALGORITHMS: frozenset[int] = frozenset(_ALGORITHMS)
"""COSE algorithm numbers that can be offered. RS1 (SHA-1) is not among them, on purpose."""

VerifyingKey = (
    ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey | rsa.RSAPublicKey
)


class CredentialKey(NamedTuple):
    """A loaded public key with the algorithm it may be used with."""

    algorithm: int
    key: VerifyingKey


def algorithm_of(cose: Mapping[Any, Any]) -> int:
    """The ``alg`` parameter of a COSE_Key.

    :raises MalformedResponse: ``public_key_malformed``.
    """
    algorithm = cose.get(3)
    if type(algorithm) is not int:
        raise MalformedResponse("public_key_malformed", field="credentialPublicKey")
    return algorithm


@lru_cache(maxsize=4096)
def load_public_key(cose: bytes) -> CredentialKey:
    """Load COSE_Key bytes.

    WebAuthn L3 §6.5.1.1: the key has ``alg`` and what its type requires, and nothing else; an
    elliptic point is uncompressed and of full length.

    :raises MalformedResponse: ``public_key_malformed``, ``cbor_malformed``, ``cbor_leftover``.
    :raises CeremonyRefused: ``algorithm_not_supported``; ``public_key_invalid`` (not on the curve,
        an RSA modulus of fewer than 2048 bits or more than 8192 …).
    """
    members = cbor.decode(cose, field="credentialPublicKey")
    if not isinstance(members, dict):
        raise MalformedResponse("public_key_malformed", field="credentialPublicKey")
    number = algorithm_of(members)
    algorithm = _ALGORITHMS.get(number)
    if algorithm is None:
        raise CeremonyRefused("algorithm_not_supported", detail=str(number))
    try:
        if isinstance(algorithm, _Elliptic):
            return CredentialKey(number, _elliptic_key(members, algorithm))
        if isinstance(algorithm, _Edwards):
            return CredentialKey(number, _edwards_key(members, algorithm))
        return CredentialKey(number, _rsa_key(members))
    except (ValueError, UnsupportedAlgorithm):
        raise CeremonyRefused("public_key_invalid") from None


def _members(members: Mapping[Any, Any], kty: int, labels: tuple[int, ...]) -> list[Any]:
    """The values of ``labels``; the key must be of type ``kty`` and have no other members."""
    if members.keys() != {1, 3, *labels} or type(members[1]) is not int or members[1] != kty:
        raise MalformedResponse("public_key_malformed", field="credentialPublicKey")
    return [members[label] for label in labels]


def _elliptic_key(members: Mapping[Any, Any], algorithm: _Elliptic) -> ec.EllipticCurvePublicKey:
    curve, x, y = _members(members, 2, (-1, -2, -3))
    if type(curve) is not int or type(x) is not bytes or type(y) is not bytes:
        raise MalformedResponse("public_key_malformed", field="credentialPublicKey")
    if curve != algorithm.number or len(x) != algorithm.size or len(y) != algorithm.size:
        raise CeremonyRefused("public_key_invalid")
    return ec.EllipticCurvePublicKey.from_encoded_point(algorithm.curve, b"\x04" + x + y)


def _edwards_key(
    members: Mapping[Any, Any], algorithm: _Edwards
) -> ed25519.Ed25519PublicKey | ed448.Ed448PublicKey:
    curve, x = _members(members, 1, (-1, -2))
    if type(curve) is not int or type(x) is not bytes:
        raise MalformedResponse("public_key_malformed", field="credentialPublicKey")
    if curve != algorithm.number:
        raise CeremonyRefused("public_key_invalid")
    return algorithm.load(x)


def _rsa_key(members: Mapping[Any, Any]) -> rsa.RSAPublicKey:
    n, e = _members(members, 3, (-1, -2))
    if type(n) is not bytes or type(e) is not bytes:
        raise MalformedResponse("public_key_malformed", field="credentialPublicKey")
    modulus, exponent = int.from_bytes(n, "big"), int.from_bytes(e, "big")
    least, most = _RSA_BITS
    if not least <= modulus.bit_length() <= most or not modulus & 1:
        raise CeremonyRefused("public_key_invalid")
    if not 3 <= exponent < 1 << 32 or not exponent & 1:
        raise CeremonyRefused("public_key_invalid")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def signature_is_valid(key: CredentialKey, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` over ``message`` is the key's (WebAuthn L3 §6.5.6: ECDSA in DER).

    A key that does not fit the algorithm verifies nothing: a certificate brings its key, a statement
    names the algorithm, and the two need not agree.
    """
    try:
        _verify(key, signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify(key: CredentialKey, signature: bytes, message: bytes) -> None:
    """Verify, or raise InvalidSignature."""
    algorithm = _ALGORITHMS.get(key.algorithm)
    public = key.key
    if isinstance(algorithm, _Elliptic) and isinstance(public, ec.EllipticCurvePublicKey):
        if public.curve.name != algorithm.curve.name:
            raise InvalidSignature
        public.verify(signature, message, algorithm.scheme)
    elif isinstance(algorithm, _Edwards) and isinstance(
        public, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
    ):
        if not isinstance(public, algorithm.kind):
            raise InvalidSignature
        public.verify(signature, message)
    elif isinstance(algorithm, _Rsa) and isinstance(public, rsa.RSAPublicKey):
        scheme: padding.AsymmetricPadding = (
            padding.PSS(padding.MGF1(algorithm.digest), padding.PSS.DIGEST_LENGTH)
            if algorithm.pss
            else padding.PKCS1v15()
        )
        public.verify(signature, message, scheme, algorithm.digest)
    else:
        raise InvalidSignature


def digest_of(algorithm: int) -> hashes.HashAlgorithm | None:
    """The hash employed in a COSE algorithm, or None (Edwards curves, unknown numbers)."""
    entry = _ALGORITHMS.get(algorithm)
    return None if entry is None or isinstance(entry, _Edwards) else entry.digest
