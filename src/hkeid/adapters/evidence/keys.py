"""Wrapped keys of proofing sessions, apart from the ciphertext, and the list of those destroyed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Protocol

from hkeid.kernel.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceKey:
    """What is known of a session's key.

    :ivar wrapped: the wrapped key; None once it was destroyed.
    """

    session_id: str
    wrapped: bytes | None = field(repr=False)
    expires_at: Instant
    destroyed_at: Instant | None = None


class EvidenceKeys(Protocol):
    """Where the keys live."""

    def put(self, session_id: str, wrapped: bytes, expires_at: Instant) -> bool:
        """Keep a new key; False when the session has one or had one."""
        ...

    def get(self, session_id: str) -> EvidenceKey | None:
        """What is known of a session's key, destroyed or not."""
        ...

    def extend(self, session_id: str, expires_at: Instant) -> bool:
        """Let a living key live until another moment."""
        ...

    def destroy(self, session_id: str, now: Instant) -> None:
        """Destroy the key, durably, and put the session on the list; once there, it stays."""
        ...

    def expired(self, now: Instant, *, limit: int) -> tuple[str, ...]:
        """Sessions whose living key's time is over."""
        ...

    def oldest(self) -> Instant | None:
        """When the time of the first living key is over; None: there is none."""
        ...

    def forget(self, before: Instant) -> int:
        """Take sessions off the list whose key was destroyed before ``before``."""
        ...


class MemoryEvidenceKeys:
    """Keys in the memory of one process, for tests and demonstrations."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys: dict[str, EvidenceKey] = {}

    def put(self, session_id: str, wrapped: bytes, expires_at: Instant) -> bool:
        """Keep a new key; False when the session has one or had one."""
        new = EvidenceKey(session_id=session_id, wrapped=wrapped, expires_at=expires_at)
        with self._lock:
            return self._keys.setdefault(session_id, new) is new

    def get(self, session_id: str) -> EvidenceKey | None:
        """What is known of a session's key."""
        return self._keys.get(session_id)

    def extend(self, session_id: str, expires_at: Instant) -> bool:
        """Let a living key live until another moment."""
        with self._lock:
            found = self._keys.get(session_id)
            if found is None or found.wrapped is None:
                return False
            self._keys[session_id] = replace(found, expires_at=expires_at)
            return True

    def destroy(self, session_id: str, now: Instant) -> None:
        """Destroy the key and put the session on the list."""
        with self._lock:
            found = self._keys.get(session_id)
            if found is None or found.wrapped is not None:
                self._keys[session_id] = EvidenceKey(
                    session_id=session_id, wrapped=None, expires_at=now, destroyed_at=now
                )

    def expired(self, now: Instant, *, limit: int) -> tuple[str, ...]:
        """Sessions whose living key's time is over."""
        with self._lock:
            over = [k for k in self._keys.values() if k.wrapped is not None and k.expires_at <= now]
        over.sort(key=lambda key: (key.expires_at, key.session_id))
        return tuple(key.session_id for key in over[:limit])

    def oldest(self) -> Instant | None:
        """When the time of the first living key is over."""
        with self._lock:
            ends = [one.expires_at for one in self._keys.values() if one.wrapped is not None]
        return min(ends, default=None)

    def forget(self, before: Instant) -> int:
        """Take sessions off the list whose key was destroyed before ``before``."""
        with self._lock:
            old = [
                key.session_id
                for key in self._keys.values()
                if key.destroyed_at is not None and key.destroyed_at < before
            ]
            for session_id in old:
                del self._keys[session_id]
        return len(old)

    def close(self) -> None:
        """Nothing to release."""
