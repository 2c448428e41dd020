"""The private half of an encipherment certificate in a PEM file (:class:`hkeid.ports.EnciphermentKey`)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hkeid.kernel.errors import ConfigurationError, Refused
from hkeid.kernel.secret import Secret

_SMALLEST: Final = 2048


class RsaPadding(StrEnum):
    """How the other side pads; the specification of iAM Smart does not say, working code uses the first."""

    PKCS1_V15 = "pkcs1-v1.5"
    OAEP_SHA1 = "oaep-sha1"
    OAEP_SHA256 = "oaep-sha256"


_PADDINGS: Final = {
    RsaPadding.PKCS1_V15: padding.PKCS1v15(),
    RsaPadding.OAEP_SHA1: padding.OAEP(padding.MGF1(SHA1()), SHA1(), None),  # noqa: S303 - not a signature
    RsaPadding.OAEP_SHA256: padding.OAEP(padding.MGF1(SHA256()), SHA256(), None),
}


class RsaEnciphermentKey:
    """An RSA key of at least 2048 bits that deciphers with one padding; none is tried after another.

    OpenSSL 3.2 and later reject a damaged PKCS #1 v1.5 ciphertext implicitly: other bytes come out.
    """

    def __init__(
        self, key: rsa.RSAPrivateKey, *, rsa_padding: RsaPadding = RsaPadding.PKCS1_V15
    ) -> None:
        if key.key_size < _SMALLEST:
            raise ConfigurationError("encipherment_key_too_short", detail=f"{key.key_size} bits")
        self._key = key
        self._padding = _PADDINGS[rsa_padding]

    def __repr__(self) -> str:
        return f"RsaEnciphermentKey({self._key.key_size} bits)"

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        passphrase: Secret | None = None,
        rsa_padding: RsaPadding = RsaPadding.PKCS1_V15,
    ) -> Self:
        """From a PEM file.

        :raises ConfigurationError: ``encipherment_key_unreadable``, ``encipherment_key_malformed``,
            ``encipherment_key_too_short``.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ConfigurationError(
                "encipherment_key_unreadable", detail=f"{path}: {error.strerror}"
            ) from None
        try:
            word = None if passphrase is None else passphrase.reveal().encode()
            key = load_pem_private_key(content, word)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ConfigurationError(
                "encipherment_key_malformed", detail=f"{path}: no PEM key, or not its passphrase"
            ) from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ConfigurationError("encipherment_key_malformed", detail=f"{path}: not RSA")
        return cls(key, rsa_padding=rsa_padding)

    def decrypt(self, ciphertext: bytes) -> bytes:
        """See :meth:`hkeid.ports.EnciphermentKey.decrypt`."""
        try:
            return self._key.decrypt(ciphertext, self._padding)
        except ValueError:
            raise Refused("decryption_failed") from None
