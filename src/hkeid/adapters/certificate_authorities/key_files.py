"""Keys of authorities in files: PKCS#8, sealed with a passphrase."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hkeid.adapters.keyfiles.files import read_private, write_private
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.secret import Secret
from hkeid.signing.certificates.keys import MemoryKey


class FileKey(MemoryKey):
    """:class:`hkeid.signing.certificates.AuthorityKey` that was read from a file (0600).

    :raises hkeid.kernel.errors.ConfigurationError: ``key_file_missing``, ``key_file_open_to_others``,
        ``key_file_malformed``, ``passphrase_missing``, ``passphrase_wrong``.
    """

    def __init__(self, path: Path, passphrase: Secret | None) -> None:
        super().__init__(_load(path, passphrase))


def store_key(path: Path, private_key: Any, passphrase: Secret | None) -> None:
    """Write a new key; one that is there is never overwritten.

    :raises hkeid.kernel.errors.ConfigurationError: ``key_file_exists``.
    """
    if path.exists():
        raise ConfigurationError("key_file_exists", detail=str(path))
    sealing: KeySerializationEncryption = (
        NoEncryption()
        if passphrase is None
        else BestAvailableEncryption(passphrase.reveal().encode())
    )
    write_private(path, private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing))


def _load(path: Path, passphrase: Secret | None) -> Any:
    content = read_private(path)
    sealed = b"ENCRYPTED" in content
    if sealed and passphrase is None:
        raise ConfigurationError("passphrase_missing", detail=str(path))
    try:
        return load_pem_private_key(
            content,
            passphrase.reveal().encode() if passphrase is not None and sealed else None,
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        reason = "passphrase_wrong" if sealed else "key_file_malformed"
        raise ConfigurationError(reason, detail=str(path)) from None
