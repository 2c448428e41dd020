"""Keys and their index as bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hkeid.adapters.keyfiles.ring import ASYMMETRIC_PURPOSES, DECRYPTION_PURPOSES, RSA_OAEP, HeldKey
from hkeid.jose.signatures import algorithm_of
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.ports.keys import KeyPurpose, KeyState

_KID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")
_SYMMETRIC_BYTES = 32


class Named(Protocol):
    """What the name of a key's file is made of."""

    @property
    def kid(self) -> str: ...
    @property
    def purpose(self) -> KeyPurpose: ...
    @property
    def algorithm(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """What the index says about a key."""

    kid: str
    purpose: KeyPurpose
    algorithm: str
    state: KeyState
    since: Instant


def file_name(key: Named) -> str:
    """The name of a key's file."""
    suffix = "pem" if key.purpose in ASYMMETRIC_PURPOSES else "key"
    return f"{key.purpose.value}.{key.kid}.{suffix}"


def context(key: Named) -> bytes:
    """What a sealed file is bound to: it cannot stand in for another key."""
    return f"{key.purpose.value} {key.algorithm} {key.kid}".encode()


def write_key(key: HeldKey) -> bytes:
    """PKCS #8 PEM, or the bytes themselves."""
    if isinstance(key.private, bytes):
        return key.private
    return key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_key(entry: IndexEntry, contents: bytes) -> HeldKey:
    """The key of an index entry.

    :raises ConfigurationError: ``key_file_malformed``.
    """
    private: Any = contents
    if entry.purpose in ASYMMETRIC_PURPOSES:
        try:
            private = load_pem_private_key(contents, password=None)
        except (ValueError, TypeError) as error:
            raise _malformed(entry) from error
        own = algorithm_of(private)
        if entry.algorithm != (
            RSA_OAEP if own == "RS256" and entry.purpose in DECRYPTION_PURPOSES else own
        ):
            raise _malformed(entry)
    elif len(contents) != _SYMMETRIC_BYTES:
        raise _malformed(entry)
    return HeldKey(
        kid=entry.kid,
        purpose=entry.purpose,
        algorithm=entry.algorithm,
        state=entry.state,
        since=entry.since,
        private=private,
    )


def write_index(keys: Iterable[HeldKey], salt: bytes) -> bytes:
    """The index file."""
    entries = [
        {
            "kid": key.kid,
            "purpose": key.purpose.value,
            "algorithm": key.algorithm,
            "state": key.state.value,
            "since": epoch_microseconds(key.since),
        }
        for key in keys
    ]
    entries.sort(key=lambda entry: (entry["purpose"], entry["algorithm"], entry["kid"]))
    return canonical_json.dumps({"version": 1, "salt": base64url.encode(salt), "keys": entries})


def read_index(contents: bytes) -> tuple[bytes, list[IndexEntry]]:
    """The salt and the entries of an index file.

    :raises ConfigurationError: ``key_index_malformed``.
    """
    try:
        index = canonical_json.loads_object(contents)
        if index["version"] != 1:
            raise ConfigurationError("key_index_malformed", detail="version")
        return base64url.decode(index["salt"]), [_entry(entry) for entry in index["keys"]]
    except (MalformedInput, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError("key_index_malformed", detail=type(error).__name__) from None


def _entry(entry: dict[str, Any]) -> IndexEntry:
    if not _KID.match(entry["kid"]):
        raise ValueError("kid")
    return IndexEntry(
        kid=entry["kid"],
        purpose=KeyPurpose(entry["purpose"]),
        algorithm=str(entry["algorithm"]),
        state=KeyState(entry["state"]),
        since=from_epoch_microseconds(entry["since"]),
    )


def _malformed(entry: IndexEntry) -> ConfigurationError:
    return ConfigurationError("key_file_malformed", detail=file_name(entry))
