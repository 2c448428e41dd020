"""An optional passphrase over all key files, and what is derived from it."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hkeid.adapters.keyfiles.files import read_private
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret

SALT_BYTES = 16
_NONCE_BYTES = 12
_MAGIC = b"hkeid-sealed-key-1\n"


def read_passphrase(*, file: Path | None = None, environment: str | None = None) -> Secret | None:
    """The passphrase from a file (its first line) or an environment variable; None: neither is set.

    :raises ConfigurationError: ``passphrase_empty``, or the file is open to others.
    """
    if file is not None:
        text = read_private(file).decode("utf-8").split("\n", 1)[0].rstrip("\r")
    elif environment is not None and environment in os.environ:
        text = os.environ[environment]
    else:
        return None
    if not text:
        raise ConfigurationError("passphrase_empty")
    return Secret(text)


class Sealing:
    """AES-256-GCM under a key that scrypt makes of the passphrase and the store's salt.

    scrypt runs once per process, with 32 MiB and about 0.1 s.
    """

    def __init__(self, passphrase: Secret, salt: bytes) -> None:
        derivation = Scrypt(salt=salt, length=32, n=2**15, r=8, p=1)
        self._cipher = AESGCM(derivation.derive(passphrase.reveal().encode()))

    def seal(self, plain: bytes, context: bytes, nonce: bytes) -> bytes:
        """The contents of a sealed file."""
        return _MAGIC + nonce + self._cipher.encrypt(nonce, plain, context)

    def open(self, contents: bytes, context: bytes) -> bytes:
        """The inverse of :meth:`seal`.

        :raises ConfigurationError: ``passphrase_wrong`` (or the file was altered).
        """
        body = contents.removeprefix(_MAGIC)
        try:
            return self._cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise ConfigurationError("passphrase_wrong") from None

    @staticmethod
    def nonce_bytes() -> int:
        """How long a nonce is."""
        return _NONCE_BYTES


def is_sealed(contents: bytes) -> bool:
    """Whether a file was written with a passphrase."""
    return contents.startswith(_MAGIC)
