"""A signature counts only with the key and the algorithm that belong together."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from fido2.cbor import encode
from fido2.cose import CoseKey

from hkeid.testing.authenticator_keys import cose_key, new_key
from hkeid.webauthn import CeremonyRefused, MalformedResponse
from hkeid.webauthn.public_key import (
    SUPPORTED_ALGORITHMS,
    CredentialKey,
    digest_of,
    load_public_key,
    signature_is_valid,
)

MESSAGE = b"authenticator data and hash"
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
ED25519, ED448 = ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SIGNATURES = {
    -7: (P256, P256.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))),
    -35: (P384, P384.sign(MESSAGE, ec.ECDSA(hashes.SHA384()))),
    -8: (ED25519, ED25519.sign(MESSAGE)),
    -53: (ED448, ED448.sign(MESSAGE)),
    -257: (RSA, RSA.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())),
    -37: (
        RSA,
        RSA.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
    ),
}


@pytest.mark.parametrize("algorithm", sorted(SUPPORTED_ALGORITHMS))
@pytest.mark.parametrize("signed_with", sorted(SIGNATURES))
def test_no_algorithm_takes_the_signature_of_another(algorithm: int, signed_with: int) -> None:
    """Except ESP256 that of ES256, and the like: two numbers for one thing."""
    same = {-9: -7, -51: -35, -19: -8}
    key, signature = SIGNATURES[signed_with]
    valid = signature_is_valid(CredentialKey(algorithm, key.public_key()), signature, MESSAGE)
    assert valid is (same.get(algorithm, algorithm) == signed_with)


@pytest.mark.parametrize("algorithm", [-7, -8, -257, -35, -53, -37])
def test_keys_that_others_write_are_read(algorithm: int) -> None:
    key, signature = SIGNATURES[algorithm]
    raw = encode(CoseKey.for_alg(algorithm).from_cryptography_key(key.public_key()))
    loaded = load_public_key(raw)
    assert loaded == CredentialKey(algorithm, key.public_key())
    assert signature_is_valid(loaded, signature, MESSAGE)
    assert not signature_is_valid(loaded, signature, MESSAGE + b"x")


def test_an_unknown_algorithm_verifies_nothing() -> None:
    key, signature = SIGNATURES[-7]
    assert not signature_is_valid(CredentialKey(-9999, key.public_key()), signature, MESSAGE)


def test_loading_refuses_what_it_does_not_know() -> None:
    with pytest.raises(CeremonyRefused) as refused:
        load_public_key(encode({1: 2, 3: -9999}))
    assert refused.value.reason == "algorithm_not_supported"
    with pytest.raises(MalformedResponse) as malformed:
        load_public_key(encode([1]))
    assert malformed.value.reason == "public_key_malformed"


def test_a_key_is_loaded_once() -> None:
    raw = cose_key(new_key(-7), -7)
    assert load_public_key(raw) is load_public_key(bytes(bytearray(raw)))


def test_digests() -> None:
    assert isinstance(digest_of(-7), hashes.SHA256)
    assert isinstance(digest_of(-39), hashes.SHA512)
    assert digest_of(-8) is None
    assert digest_of(-9999) is None
