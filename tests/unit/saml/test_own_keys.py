"""Keys behind the KeyStore sign, open and are published; they never cross it (law 6)."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hkeid.adapters.system import SystemRandom
from hkeid.kernel.errors import ConfigurationError, HkeidError
from hkeid.ports.keys import KeyPurpose, KeyState
from hkeid.saml.dsig import (
    ECDSA_SHA256,
    OAEP_SHA1,
    OAEP_SHA256,
    RSA_SHA256,
    OaepParameters,
    Reason,
    decrypt_assertions,
    encrypt_assertion,
    sign_element,
    verify_message,
    verify_response,
    write,
)
from hkeid.saml.own_keys import own_keys, public_key, signer, unwrappers
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.saml_specimens import SpecimenPeer, assertion, authn_request, message

SIGNING, DECRYPTION = KeyPurpose.SAML_SIGNING, KeyPurpose.SAML_DECRYPTION


@pytest.fixture
def keys() -> MemoryKeyStore:
    store = MemoryKeyStore()
    for algorithm in ("RS256", "ES256"):
        store.add(SIGNING, algorithm)
    store.add(DECRYPTION, "RSA-OAEP")
    return store


@pytest.mark.parametrize(("name", "uri"), [("RS256", RSA_SHA256), ("ES256", ECDSA_SHA256)])
def test_what_the_store_signs_verifies(keys: MemoryKeyStore, name: str, uri: str) -> None:
    signs = signer(keys, algorithm=name)
    assert signs.algorithm == uri
    public = [public_key(one) for one in keys.signing_keys(SIGNING)]
    signed = verify_message(write(sign_element(authn_request(), signs)), public)
    assert signed.algorithm == uri


def test_a_certificate_comes_along_for_who_looks_for_it(keys: MemoryKeyStore) -> None:
    (first, *_) = [one for one in keys.signing_keys(SIGNING) if one.algorithm == "RS256"]
    assert signer(keys, certificates={first.kid: b"der"}).certificate == b"der"
    assert signer(keys).certificate is None


def test_a_store_without_such_a_key() -> None:
    with pytest.raises(ConfigurationError, match="signing_key_missing"):
        signer(MemoryKeyStore())


@pytest.mark.parametrize("transport", [OAEP_SHA1, OAEP_SHA256])
def test_the_store_opens_what_was_encrypted_for_us(
    keys: MemoryKeyStore, transport: OaepParameters
) -> None:
    """By the key before, too, while keys roll over."""
    peer = SpecimenPeer()
    (old,) = keys.signing_keys(DECRYPTION)
    keys.add(DECRYPTION, "RSA-OAEP", KeyState.PASSIVE)
    for key in keys.signing_keys(DECRYPTION):
        public = public_key(key)
        assert isinstance(public, rsa.RSAPublicKey)
        sealed = encrypt_assertion(
            sign_element(assertion(), peer.signer), public, SystemRandom(), transport=transport
        )
        verified = verify_response(write(message("samlp:Response", "_response", sealed)), peer.keys)
        (opened,) = decrypt_assertions(verified, unwrappers(keys), peer.keys)
        assert opened.id == "_assertion"
        if key.kid != old.kid:
            fresh = MemoryKeyStore()
            fresh.add(DECRYPTION, "RSA-OAEP")
            with pytest.raises(HkeidError) as caught:
                decrypt_assertions(verified, unwrappers(fresh), peer.keys)
            assert caught.value.reason == Reason.DECRYPTION_FAILED


def test_what_is_published(keys: MemoryKeyStore) -> None:
    keys.add(SIGNING, "RS256", KeyState.NEXT)
    found = own_keys(keys, SIGNING)
    assert [one.state for one in found] == [KeyState.ACTIVE, KeyState.ACTIVE, KeyState.NEXT]
    kinds = {type(one.public) for one in found}
    assert any(issubclass(kind, ec.EllipticCurvePublicKey) for kind in kinds)
    assert any(issubclass(kind, rsa.RSAPublicKey) for kind in kinds)


def test_a_key_that_xml_signatures_have_no_algorithm_for(keys: MemoryKeyStore) -> None:
    (ed25519,) = [
        one for one in keys.signing_keys(KeyPurpose.TOKEN_SIGNING) if one.algorithm == "Ed25519"
    ]
    with pytest.raises(ConfigurationError, match="key_algorithm_unknown"):
        public_key(ed25519)
