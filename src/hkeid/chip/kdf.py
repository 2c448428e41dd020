"""Key derivation and the symmetric parts of Doc 9303-11 §9.7 and §9.8: one table of ciphers.

The decrepit ones are here because the standard and millions of documents in circulation have them;
nothing else in hkeid uses them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

MAC_BYTES = 8


class KeyUse(IntEnum):
    """The counter of §9.7.1: what a derived key is for."""

    ENCRYPTION = 1
    MAC = 2
    PASSWORD = 3


class CipherName(StrEnum):
    """The ciphers of secure messaging."""

    TRIPLE_DES = "3des"
    AES_128 = "aes-128"
    AES_192 = "aes-192"
    AES_256 = "aes-256"

    @property
    def key_bytes(self) -> int:
        """Length of a key."""
        return {"3des": 16, "aes-128": 16, "aes-192": 24, "aes-256": 32}[self.value]

    @property
    def block_bytes(self) -> int:
        """Length of a block."""
        return 8 if self is CipherName.TRIPLE_DES else 16


def derive_key(secret: bytes, use: KeyUse, cipher: CipherName, *, nonce: bytes = b"") -> bytes:
    """``KDF(K, c)`` of §9.7.1; with ``nonce`` that of TR-03110-3 §A.2.3 (chip authentication 2)."""
    data = secret + nonce + int(use).to_bytes(4, "big")
    if cipher in {CipherName.AES_192, CipherName.AES_256}:
        return hashlib.sha256(data).digest()[: cipher.key_bytes]
    key = hashlib.sha1(data, usedforsecurity=False).digest()[: cipher.key_bytes]
    return odd_parity(key) if cipher is CipherName.TRIPLE_DES else key


def odd_parity(key: bytes) -> bytes:
    """Every byte with its lowest bit set so that the count of ones is odd (§9.7.1)."""
    return bytes(byte ^ 1 if byte.bit_count() % 2 == 0 else byte for byte in key)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKeys:
    """``KSenc`` and ``KSmac`` of a session; not shown by ``repr``."""

    cipher: CipherName
    encryption: bytes = field(repr=False)
    mac: bytes = field(repr=False)


def session_keys(secret: bytes, cipher: CipherName, *, nonce: bytes = b"") -> SessionKeys:
    """Both keys of a session from a shared secret."""
    return SessionKeys(
        cipher=cipher,
        encryption=derive_key(secret, KeyUse.ENCRYPTION, cipher, nonce=nonce),
        mac=derive_key(secret, KeyUse.MAC, cipher, nonce=nonce),
    )


def _algorithm(cipher: CipherName, key: bytes) -> TripleDES | algorithms.AES:
    if cipher is CipherName.TRIPLE_DES:
        return TripleDES(key + key[:8])
    return algorithms.AES(key)


def encrypt_cbc(cipher: CipherName, key: bytes, iv: bytes, data: bytes) -> bytes:
    """CBC over whole blocks."""
    encryptor = Cipher(_algorithm(cipher, key), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def decrypt_cbc(cipher: CipherName, key: bytes, iv: bytes, data: bytes) -> bytes:
    """The inverse of :func:`encrypt_cbc`."""
    decryptor = Cipher(_algorithm(cipher, key), modes.CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def encrypt_block(cipher: CipherName, key: bytes, block: bytes) -> bytes:
    """One block, as IVs are made of it (§9.8.6.1)."""
    return encrypt_cbc(cipher, key, bytes(cipher.block_bytes), block)


def pad(data: bytes, block: int) -> bytes:
    """ISO/IEC 9797-1 padding method 2: ``80`` and zeros up to whole blocks."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes, block: int) -> bytes | None:
    """The inverse of :func:`pad`; None where the padding is wrong."""
    at = len(data) - 1
    lowest = max(0, len(data) - block)
    while at > lowest and data[at] == 0:
        at -= 1
    if at < lowest or not data or data[at] != 0x80:
        return None
    return data[:at]


def mac(cipher: CipherName, key: bytes, data: bytes) -> bytes:
    """Eight bytes: CMAC for AES, the retail MAC over padded data for 3DES (§9.8.6.2, §9.8.7.2).

    For AES ``data`` is taken as it is; for 3DES it must be padded to whole blocks already.
    """
    if cipher is CipherName.TRIPLE_DES:
        return _retail_mac(key, data)
    digest = CMAC(algorithms.AES(key))
    digest.update(data)
    return digest.finalize()[:MAC_BYTES]


def _retail_mac(key: bytes, padded: bytes) -> bytes:
    """ISO/IEC 9797-1 MAC algorithm 3 with DES, no truncation.

    Its last step, after the chain, is E(k1), D(k2), E(k1): triple DES on the last block.
    """
    last = bytes(8)
    if len(padded) > 8:
        chain = Cipher(TripleDES(key[:8] * 3), modes.CBC(last)).encryptor()
        last = chain.update(padded[:-8])[-8:]
    final = Cipher(TripleDES(key + key[:8]), modes.CBC(last)).encryptor()
    return final.update(padded[-8:])
