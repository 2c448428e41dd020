"""Cookies that the browser carries but nobody outside can read or change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.kernel.instants import Instant, epoch_seconds
from hkeid.ports.surroundings import Random

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_END = "\x00end"


class Sealer:
    """AES-256-GCM under keys that are derived (HKDF-SHA-256) from the application's own secrets.

    :param secrets: the secret that seals, then older ones that still open. At least 16 bytes each.
    :raises ConfigurationError: ``sealing_secret_missing``, ``sealing_secret_too_short``.
    """

    def __init__(self, secrets: Sequence[str | bytes], random: Random) -> None:
        if not secrets:
            raise ConfigurationError("sealing_secret_missing", detail="set a secret key")
        self._secrets = [
            secret.encode() if isinstance(secret, str) else secret for secret in secrets
        ]
        if any(len(secret) < 16 for secret in self._secrets):
            raise ConfigurationError(
                "sealing_secret_too_short", detail="a secret key needs at least 16 bytes"
            )
        self._random = random
        self._made: list[AESGCM] | None = None

    def _keys(self) -> list[AESGCM]:
        if self._made is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.kdf.hkdf import HKDF

            self._made = [
                AESGCM(HKDF(SHA256(), 32, None, b"hkeid.rp cookie v1").derive(secret))
                for secret in self._secrets
            ]
        return self._made

    def seal(self, purpose: str, members: Mapping[str, Any], expires_at: Instant) -> str:
        """``members`` as text that only :meth:`open` with the same ``purpose`` reads."""
        plain = canonical_json.dumps({**members, _END: epoch_seconds(expires_at)})
        nonce = self._random.token_bytes(_NONCE)
        return base64url.encode(nonce + self._keys()[0].encrypt(nonce, plain, purpose.encode()))

    def open(self, purpose: str, text: str, now: Instant) -> dict[str, Any] | None:
        """What was sealed, or None: altered, of another purpose, of another secret, or expired."""
        from cryptography.exceptions import InvalidTag

        try:
            sealed = base64url.decode(text)
        except MalformedInput:
            return None
        if len(sealed) < _NONCE + 16:
            return None
        for key in self._keys():
            try:
                plain = key.decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
            except InvalidTag:
                continue
            members = canonical_json.loads_object(plain)
            return members if members.pop(_END) > epoch_seconds(now) else None
        return None
