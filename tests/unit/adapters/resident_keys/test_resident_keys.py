"""Signing keys, wrapped or in a token: what every keeper promises."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from hkeid.adapters.pkcs11_tokens import Pkcs11Module
from hkeid.adapters.resident_keys import TokenResidentKeys, WrappedResidentKeys
from hkeid.adapters.system import SystemRandom
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.secret import Secret
from hkeid.ports.signing_keys import ResidentKeys, SigningKeyKind
from hkeid.testing.keys import MemoryKeyStore

HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384()}


def verifies(public_key: bytes, kind: SigningKeyKind, signature: bytes, digest: bytes) -> bool:
    public: Any = serialization.load_der_public_key(public_key)
    prehashed = Prehashed(HASHES[kind.hash_name])
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, digest, ec.ECDSA(prehashed))
        else:
            public.verify(signature, digest, padding.PKCS1v15(), prehashed)
    except InvalidSignature:
        return False
    return True


@pytest.fixture(params=["wrapped", "token"])
def keeper(request) -> Any:
    if request.param == "wrapped":
        yield WrappedResidentKeys(MemoryKeyStore(), SystemRandom())
        return
    token = request.getfixturevalue("soft_token")
    keys = TokenResidentKeys(
        Pkcs11Module.load(token.module),
        label=token.label,
        pin=Secret(token.pin),
        random=SystemRandom(),
    )
    yield keys
    keys.close()


def reason(call, *args) -> str:
    with pytest.raises(HkeidError) as caught:
        call(*args)
    return caught.value.reason


@pytest.mark.parametrize("kind", list(SigningKeyKind))
def test_a_key_signs_digests_of_its_kind(keeper: ResidentKeys, kind: SigningKeyKind) -> None:
    made = keeper.generate("key", kind)
    digest = hashlib.new(kind.hash_name, b"signed attributes").digest()
    signature = keeper.sign("key", kind, made.handle, digest)
    assert verifies(made.public_key, kind, signature, digest)
    assert not verifies(made.public_key, kind, signature, digest[::-1])
    assert reason(keeper.sign, "key", kind, made.handle, digest[:-1]) == "digest_length"


def test_a_handle_opens_for_its_key_only(keeper: ResidentKeys) -> None:
    kind, digest = SigningKeyKind.P256, b"d" * 32
    made = keeper.generate("key", kind)
    assert reason(keeper.sign, "other", kind, made.handle, digest) == "signing_key_unusable"
    assert (
        reason(keeper.sign, "key", SigningKeyKind.RSA2048, made.handle, digest)
        == "signing_key_unusable"
    )
    for place in range(0, len(made.handle), 7):
        changed = bytearray(made.handle)
        changed[place] ^= 1
        got = reason(keeper.sign, "key", kind, bytes(changed), digest)
        assert got == "signing_key_unusable"
    for short in (b"", made.handle[:1], made.handle[:20]):
        assert reason(keeper.sign, "key", kind, short, digest) == "signing_key_unusable"


def test_a_destroyed_key_is_gone_from_a_token(soft_token) -> None:
    keys = TokenResidentKeys(
        Pkcs11Module.load(soft_token.module),
        label=soft_token.label,
        pin=Secret(soft_token.pin),
        random=SystemRandom(),
    )
    made = keys.generate("key", SigningKeyKind.P256)
    keys.destroy("key", SigningKeyKind.P256, made.handle)
    keys.destroy("key", SigningKeyKind.P256, made.handle)
    got = reason(keys.sign, "key", SigningKeyKind.P256, made.handle, b"d" * 32)
    assert got == "signing_key_unusable"
    keys.close()


def test_many_threads_share_one_token(soft_token) -> None:
    keys = TokenResidentKeys(
        Pkcs11Module.load(soft_token.module),
        label=soft_token.label,
        pin=Secret(soft_token.pin),
        random=SystemRandom(),
    )
    made = keys.generate("key", SigningKeyKind.P256)

    def work(_: int) -> bool:
        digest = os.urandom(32)
        signature = keys.sign("key", SigningKeyKind.P256, made.handle, digest)
        return verifies(made.public_key, SigningKeyKind.P256, signature, digest)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))
    keys.close()


def test_a_token_that_goes_and_comes_back_is_used_again(soft_token) -> None:
    module = Pkcs11Module.load(soft_token.module)
    keys = TokenResidentKeys(
        module, label=soft_token.label, pin=Secret(soft_token.pin), random=SystemRandom()
    )
    made = keys.generate("key", SigningKeyKind.P256)
    arguments = ("key", SigningKeyKind.P256, made.handle, b"d" * 32)
    assert verifies(made.public_key, SigningKeyKind.P256, keys.sign(*arguments), b"d" * 32)
    # As if the token were pulled: every session dies in the middle.
    _, token = keys._open
    token._session.close()
    assert reason(keys.sign, *arguments) == "signing_keys_unavailable"
    assert verifies(made.public_key, SigningKeyKind.P256, keys.sign(*arguments), b"d" * 32)
    absent = TokenResidentKeys(module, label="none", pin=Secret("1"), random=SystemRandom())
    assert reason(absent.generate, "key", SigningKeyKind.P256) == "signing_keys_unavailable"
    keys.close()
