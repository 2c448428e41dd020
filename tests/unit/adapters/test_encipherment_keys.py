"""A private encipherment key in a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from hkeid.adapters.encipherment_keys import RsaEnciphermentKey, RsaPadding
from hkeid.kernel.errors import ConfigurationError, Refused
from hkeid.kernel.secret import Secret

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PADDINGS = {
    RsaPadding.PKCS1_V15: padding.PKCS1v15(),
    RsaPadding.OAEP_SHA1: padding.OAEP(padding.MGF1(SHA1()), SHA1(), None),
    RsaPadding.OAEP_SHA256: padding.OAEP(padding.MGF1(SHA256()), SHA256(), None),
}


@pytest.mark.parametrize("kind", list(RsaPadding))
def test_what_was_enciphered_comes_out(kind: RsaPadding) -> None:
    ciphertext = KEY.public_key().encrypt(b"k" * 32, PADDINGS[kind])
    assert RsaEnciphermentKey(KEY, rsa_padding=kind).decrypt(ciphertext) == b"k" * 32


def test_no_padding_is_tried_after_another() -> None:
    ciphertext = KEY.public_key().encrypt(b"k" * 32, PADDINGS[RsaPadding.PKCS1_V15])
    with pytest.raises(Refused) as caught:
        RsaEnciphermentKey(KEY, rsa_padding=RsaPadding.OAEP_SHA256).decrypt(ciphertext)
    assert caught.value.reason == "decryption_failed"
    oaep = KEY.public_key().encrypt(b"k" * 32, PADDINGS[RsaPadding.OAEP_SHA256])
    # Implicit rejection: other bytes, no error.
    assert RsaEnciphermentKey(KEY).decrypt(oaep) != b"k" * 32


def test_a_damaged_pkcs1_ciphertext_is_no_oracle() -> None:
    ciphertext = bytearray(KEY.public_key().encrypt(b"k" * 32, PADDINGS[RsaPadding.PKCS1_V15]))
    ciphertext[-1] ^= 1
    first, second = (RsaEnciphermentKey(KEY).decrypt(bytes(ciphertext)) for _ in range(2))
    assert first == second != b"k" * 32
    for wrong in (b"", b"short"):
        with pytest.raises(Refused):
            RsaEnciphermentKey(KEY).decrypt(wrong)


def test_it_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "kek.pem"
    path.write_bytes(
        KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    )
    loaded = RsaEnciphermentKey.load(path, passphrase=Secret("word"))
    assert repr(loaded) == "RsaEnciphermentKey(2048 bits)"
    for secret in (None, Secret("another")):
        with pytest.raises(ConfigurationError) as caught:
            RsaEnciphermentKey.load(path, passphrase=secret)
        assert caught.value.reason == "encipherment_key_malformed"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "encipherment_key_unreadable"),
        (b"not PEM", "encipherment_key_malformed"),
        (
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            "encipherment_key_malformed",
        ),
        (
            rsa.generate_private_key(public_exponent=65537, key_size=1024).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            "encipherment_key_too_short",
        ),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "kek.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        RsaEnciphermentKey.load(path)
    assert caught.value.reason == reason
