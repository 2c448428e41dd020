"""Evidence as ciphertext in the store, under keys that are elsewhere and die first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hkeid.adapters.evidence.keys import EvidenceKeys
from hkeid.kernel.errors import Expired, Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random

_VERSION = b"\x01"
_NONCE = 12
_KEY = 32
_PLACE = b"hkeid-evidence-1"
_WRAP_LABEL = b"hkeid-evidence-key-1:"
_REMEMBERED = timedelta(days=400)


class EvidenceItems(Protocol):
    """Ciphertext by session and name, inside a transaction."""

    def put(self, session_id: str, name: str, sealed: bytes) -> None:
        """Keep or replace an item."""
        ...

    def get(self, session_id: str, name: str) -> bytes | None:
        """An item, or None."""
        ...

    def names(self, session_id: str) -> tuple[str, ...]:
        """Names of a session's items, sorted."""
        ...

    def delete(self, session_id: str) -> int:
        """Delete a session's items; returns how many."""
        ...

    def sessions(self, after: str = "") -> tuple[str, ...]:
        """Up to 1000 sessions that have items, in order, beginning behind ``after``."""
        ...


class EvidenceTransaction(Protocol):
    """What the vault needs of a transaction."""

    @property
    def evidence_items(self) -> EvidenceItems: ...


class SealedEvidence:
    """:class:`hkeid.ports.EvidenceVault`. Each call is a transaction of its own.

    Sealed form: version byte 1, nonce (12 bytes, random), ciphertext, tag (16 bytes); bound to
    session and name. Keys are fetched anew for each call, so that a destroyed one is gone at once in
    every process.
    """

    def __init__(
        self,
        store: Store[Any],
        evidence_keys: EvidenceKeys,
        keys: KeyStore,
        clock: Clock,
        random: Random,
    ) -> None:
        self._store: Store[EvidenceTransaction] = store
        self._evidence_keys = evidence_keys
        self._keys = keys
        self._clock = clock
        self._random = random

    def open(self, session_id: str, *, expires_at: Instant) -> None:
        """Make the session's key; nothing happens when it has one.

        :raises hkeid.kernel.errors.Expired: ``evidence_destroyed``.
        """
        found = self._evidence_keys.get(session_id)
        if found is None:
            wrapped = self._keys.wrap(
                KeyPurpose.EVIDENCE, self._random.token_bytes(_KEY), context=_context(session_id)
            )
            if self._evidence_keys.put(session_id, wrapped, expires_at):
                return
            found = self._evidence_keys.get(session_id)
        if found is None or found.wrapped is None:
            raise Expired("evidence_destroyed")

    def put(self, session_id: str, name: str, content: bytes) -> None:
        """Keep (or replace) an item.

        :raises hkeid.kernel.errors.Expired: ``evidence_destroyed``.
        """
        cipher = self._cipher(session_id)
        if cipher is None:
            raise Expired("evidence_destroyed")
        nonce = self._random.token_bytes(_NONCE)
        sealed = _VERSION + nonce + cipher.encrypt(nonce, content, _place(session_id, name))
        with self._store.transaction() as tx:
            tx.evidence_items.put(session_id, name, sealed)

    def get(self, session_id: str, name: str) -> bytes | None:
        """An item, or None when there is none or the key is gone.

        :raises hkeid.kernel.errors.Refused: ``evidence_altered``.
        """
        with self._store.transaction() as tx:
            sealed = tx.evidence_items.get(session_id, name)
        if sealed is None:
            return None
        cipher = self._cipher(session_id)
        if cipher is None:
            return None
        body = len(_VERSION) + _NONCE
        if sealed[:1] != _VERSION:
            raise Refused("evidence_altered")
        try:
            return cipher.decrypt(sealed[1:body], sealed[body:], _place(session_id, name))
        except (InvalidTag, ValueError):
            raise Refused("evidence_altered") from None

    def names(self, session_id: str) -> tuple[str, ...]:
        """Names of the items that can still be read, sorted."""
        if self._cipher(session_id) is None:
            return ()
        with self._store.transaction() as tx:
            return tx.evidence_items.names(session_id)

    def sessions(self, after: str = "") -> tuple[str, ...]:
        """Up to 1000 sessions that have items, in order, beginning behind ``after``."""
        with self._store.transaction() as tx:
            return tx.evidence_items.sessions(after)

    def extend(self, session_id: str, expires_at: Instant) -> None:
        """Keep the session's key for longer.

        :raises hkeid.kernel.errors.Expired: ``evidence_destroyed``.
        """
        if not self._evidence_keys.extend(session_id, expires_at):
            raise Expired("evidence_destroyed")

    def destroy(self, session_id: str) -> None:
        """Destroy the key durably, then the ciphertext. May be repeated."""
        self._evidence_keys.destroy(session_id, self._clock.now())
        self._delete(session_id)

    def expire(self, now: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Destroy every session whose time is over; also ciphertext that a killed process left
        behind without a key.
        """
        over = self._evidence_keys.expired(now, limit=limit)
        for session_id in over:
            self.destroy(session_id)
        self._sweep()
        self._evidence_keys.forget(now - _REMEMBERED)
        return over

    def oldest(self) -> Instant | None:
        """When the first of the sessions that can still be read ends."""
        return self._evidence_keys.oldest()

    def close(self) -> None:
        """Let go of the keys' database."""
        close = getattr(self._evidence_keys, "close", None)
        if close is not None:
            close()

    def _sweep(self) -> None:
        after = ""
        while page := self.sessions(after):
            for session_id in page:
                key = self._evidence_keys.get(session_id)
                if key is None or key.wrapped is None:
                    self._delete(session_id)
            after = page[-1]

    def _delete(self, session_id: str) -> None:
        with self._store.transaction() as tx:
            tx.evidence_items.delete(session_id)

    def _cipher(self, session_id: str) -> AESGCM | None:
        """The session's cipher; a key whose time is over is as good as destroyed."""
        found = self._evidence_keys.get(session_id)
        if found is None or found.wrapped is None or self._clock.now() >= found.expires_at:
            return None
        key = self._keys.unwrap(KeyPurpose.EVIDENCE, found.wrapped, context=_context(session_id))
        return AESGCM(key)


def _context(session_id: str) -> bytes:
    return _WRAP_LABEL + session_id.encode("utf-8", "surrogatepass")


def _place(session_id: str, name: str) -> bytes:
    framed = [_PLACE]
    for part in (session_id, name):
        raw = part.encode("utf-8", "surrogatepass")
        framed.append(len(raw).to_bytes(4, "big"))
        framed.append(raw)
    return b"".join(framed)
