"""Raw signatures and public JWKs."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import import_key

from hkeid.jose.signatures import algorithm_of, generate, public_jwk, signer
from hkeid.kernel.errors import ConfigurationError


@pytest.mark.parametrize(("algorithm", "length"), [("ES256", 64), ("Ed25519", 64), ("RS256", 256)])
def test_signatures_have_the_length_that_jws_wants(algorithm: str, length: int) -> None:
    key = generate(algorithm)
    assert algorithm_of(key) == algorithm
    assert len(signer(key)(b"message")) == length


@pytest.mark.parametrize("algorithm", ["ES256", "Ed25519", "RS256"])
def test_the_key_id_comes_from_the_thumbprint(algorithm: str) -> None:
    """RFC 7638 §3, shortened."""
    jwk = public_jwk(generate(algorithm))
    full = import_key({k: v for k, v in jwk.items() if k not in ("kid", "alg")}).thumbprint()
    assert full.startswith(jwk["kid"][:21])
    assert jwk["alg"] == algorithm


def test_es256_integers_are_padded() -> None:
    key = generate("ES256")
    sign = signer(key)
    assert {len(sign(bytes([n]))) for n in range(200)} == {64}


def test_other_keys_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="key_algorithm_unknown"):
        generate("HS256")
    for key in (
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(public_exponent=65537, key_size=1024),
        object(),
    ):
        with pytest.raises(ConfigurationError, match="key_algorithm_unknown"):
            algorithm_of(key)
