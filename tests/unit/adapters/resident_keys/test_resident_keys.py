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
from hkeid.adapters.resident_keys import MovedResidentKeys, TokenResidentKeys, WrappedResidentKeys
from hkeid.adapters.system import SystemRandom
from hkeid.kernel.errors import HkeidError, Unavailable
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


@pytest.fixture(params=["wrapped", "token", "moved"])
def keeper(request) -> Any:
    wrapped = WrappedResidentKeys(MemoryKeyStore(), SystemRandom())
    if request.param == "wrapped":
        yield wrapped
        return
    token = request.getfixturevalue("soft_token")
    keys = TokenResidentKeys(
        token.module,
        label=token.label,
        pin=Secret(token.pin),
        random=SystemRandom(),
    )
    yield MovedResidentKeys(keys, other=wrapped) if request.param == "moved" else keys
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


def test_to_destroy_is_idempotent(keeper: ResidentKeys) -> None:
    made = keeper.generate("key", SigningKeyKind.P256)
    kept = keeper.generate("kept", SigningKeyKind.P256)
    for _ in range(2):
        keeper.destroy("key", SigningKeyKind.P256, made.handle)
    assert keeper.sign("kept", SigningKeyKind.P256, kept.handle, b"d" * 32)


def test_keys_from_before_a_move_stay_in_use(soft_token) -> None:
    wrapped = WrappedResidentKeys(MemoryKeyStore(), SystemRandom())
    token = TokenResidentKeys(
        soft_token.module, label=soft_token.label, pin=Secret(soft_token.pin), random=SystemRandom()
    )
    for kind in SigningKeyKind:
        old = wrapped.generate("key", kind)
        moved = MovedResidentKeys(token, other=wrapped)
        digest = hashlib.new(kind.hash_name, b"signed attributes").digest()
        assert verifies(old.public_key, kind, moved.sign("key", kind, old.handle, digest), digest)
        moved.destroy("key", kind, old.handle)
    new = moved.generate("new", SigningKeyKind.P256)
    assert reason(wrapped.sign, "new", SigningKeyKind.P256, new.handle, b"d" * 32)
    moved.destroy("new", SigningKeyKind.P256, new.handle)
    got = reason(moved.sign, "new", SigningKeyKind.P256, new.handle, b"d" * 32)
    assert got == "signing_key_unusable"
    moved.close()


def test_keys_in_a_token_stay_in_use_after_a_move_out_of_it(soft_token) -> None:
    wrapped = WrappedResidentKeys(MemoryKeyStore(), SystemRandom())
    token = TokenResidentKeys(
        soft_token.module, label=soft_token.label, pin=Secret(soft_token.pin), random=SystemRandom()
    )
    kind, digest = SigningKeyKind.P256, b"d" * 32
    old = token.generate("old", kind)
    moved = MovedResidentKeys(token, other=wrapped, in_token=False)
    assert verifies(old.public_key, kind, moved.sign("old", kind, old.handle, digest), digest)
    new = moved.generate("new", kind)
    assert verifies(new.public_key, kind, wrapped.sign("new", kind, new.handle, digest), digest)
    # Alone, the other keeper must not say that a key is destroyed which the token still has.
    assert reason(wrapped.destroy, "old", kind, old.handle) == "signing_key_unusable"
    assert token.sign("old", kind, old.handle, digest)
    moved.destroy("old", kind, old.handle)
    assert reason(moved.sign, "old", kind, old.handle, digest) == "signing_key_unusable"
    moved.close()


def test_a_destroyed_key_is_gone_from_a_token(soft_token) -> None:
    keys = TokenResidentKeys(
        soft_token.module,
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
        soft_token.module,
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
    keys = TokenResidentKeys(
        soft_token.module, label=soft_token.label, pin=Secret(soft_token.pin), random=SystemRandom()
    )
    kind = SigningKeyKind.P256
    made, other = keys.generate("key", kind), keys.generate("other", kind)
    arguments = ("key", kind, made.handle, b"d" * 32)
    assert verifies(made.public_key, kind, keys.sign(*arguments), b"d" * 32)
    with soft_token.away():
        for _ in range(3):
            assert reason(keys.sign, *arguments) == "signing_keys_unavailable"
            assert reason(keys.generate, "new", kind) == "signing_keys_unavailable"
            assert reason(keys.destroy, "other", kind, other.handle) == "signing_keys_unavailable"
    assert verifies(made.public_key, kind, keys.sign(*arguments), b"d" * 32)
    assert verifies(
        other.public_key, kind, keys.sign("other", kind, other.handle, b"d" * 32), b"d" * 32
    )
    keys.close()


@pytest.mark.parametrize("first", ["sign", "generate", "destroy"])
def test_a_token_that_was_away_unnoticed(soft_token, first: str) -> None:
    """The module sees the token again, and none of its objects."""
    keys = TokenResidentKeys(
        soft_token.module, label=soft_token.label, pin=Secret(soft_token.pin), random=SystemRandom()
    )
    kind = SigningKeyKind.P256
    made = keys.generate("key", kind)
    keys.sign("key", kind, made.handle, b"d" * 32)
    with soft_token.away(), pytest.raises(HkeidError):
        # Somebody else in this process notices; we do not.
        Pkcs11Module.load(soft_token.module).tokens()
    match first:
        case "sign":
            signature = keys.sign("key", kind, made.handle, b"d" * 32)
            assert verifies(made.public_key, kind, signature, b"d" * 32)
        case "generate":
            assert keys.generate("new", kind).public_key
        case _:
            keys.destroy("key", kind, made.handle)
            got = reason(keys.sign, "key", kind, made.handle, b"d" * 32)
            assert got == "signing_key_unusable"
    keys.close()


def test_an_absent_token(soft_token) -> None:
    absent = TokenResidentKeys(
        soft_token.module, label="none", pin=Secret("1"), random=SystemRandom()
    )
    assert reason(absent.generate, "key", SigningKeyKind.P256) == "signing_keys_unavailable"


def test_a_pin_that_is_refused_is_presented_once(soft_token, monkeypatch) -> None:
    """A token counts wrong PINs and locks itself."""
    keys = TokenResidentKeys(
        soft_token.module, label=soft_token.label, pin=Secret("13579"), random=SystemRandom()
    )
    for _ in range(5):
        with pytest.raises(Unavailable) as caught:
            keys.generate("key", SigningKeyKind.P256)
        assert caught.value.reason == "signing_keys_unavailable"
        assert (caught.value.detail or "").startswith("pin_incorrect")
    module = Pkcs11Module.load(soft_token.module)
    tried = []
    monkeypatch.setattr(module.logins, "_log_in", lambda *words: tried.append(words))
    again = TokenResidentKeys(
        soft_token.module, label=soft_token.label, pin=Secret("13579"), random=SystemRandom()
    )
    assert reason(again.generate, "key", SigningKeyKind.P256) == "signing_keys_unavailable"
    assert tried == []
    assert list(module.logins._refused) == [(soft_token.label, module.tokens()[0].serial)]
