"""Signing keys after a move into a token: new ones are made there, and those from before stay in use."""

from __future__ import annotations

from hkeid.adapters.resident_keys.token import TokenResidentKeys
from hkeid.ports.signing_keys import GeneratedKey, ResidentKeys, SigningKeyKind


class MovedResidentKeys:
    """A token, and the keeper that was used before it.

    :param before: for handles that the token did not make.
    """

    def __init__(self, token: TokenResidentKeys, *, before: ResidentKeys) -> None:
        self._token = token
        self._before = before

    def generate(self, key_id: str, kind: SigningKeyKind) -> GeneratedKey:
        """As :meth:`hkeid.ports.signing_keys.ResidentKeys.generate`, in the token."""
        return self._token.generate(key_id, kind)

    def sign(self, key_id: str, kind: SigningKeyKind, handle: bytes, digest: bytes) -> bytes:
        """As :meth:`hkeid.ports.signing_keys.ResidentKeys.sign`."""
        return self._keeper(handle).sign(key_id, kind, handle, digest)

    def destroy(self, key_id: str, kind: SigningKeyKind, handle: bytes) -> None:
        """As :meth:`hkeid.ports.signing_keys.ResidentKeys.destroy`."""
        self._keeper(handle).destroy(key_id, kind, handle)

    def close(self) -> None:
        """Log out of the token."""
        self._token.close()

    def _keeper(self, handle: bytes) -> ResidentKeys:
        return self._token if self._token.made(handle) else self._before
