"""Signing keys after a move into a token or out of it: those from before stay in use where they were made."""

from __future__ import annotations

from hkeid.adapters.resident_keys.token import TokenResidentKeys
from hkeid.ports.signing_keys import GeneratedKey, ResidentKeys, SigningKeyKind


class MovedResidentKeys:
    """A token, and the keeper that is or was used beside it.

    :param other: for handles that the token did not make.
    :param in_token: whether new keys are made in the token, or else by the other.
    """

    def __init__(
        self, token: TokenResidentKeys, *, other: ResidentKeys, in_token: bool = True
    ) -> None:
        self._token = token
        self._other = other
        self._new: ResidentKeys = token if in_token else other

    def generate(self, key_id: str, kind: SigningKeyKind) -> GeneratedKey:
        """As :meth:`hkeid.ports.signing_keys.ResidentKeys.generate`."""
        return self._new.generate(key_id, kind)

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
        return self._token if self._token.made(handle) else self._other
