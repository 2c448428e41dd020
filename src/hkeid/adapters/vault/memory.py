"""A vault in the memory of one process, for tests and demonstrations."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

from hkeid.kernel.instants import Instant


class MemoryVault:
    """:class:`hkeid.ports.DataKeyVault`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys: dict[str, bytes] = {}
        self._erased: dict[str, Instant] = {}

    def put(self, resident_id: str, wrapped: bytes) -> bool:
        """Keep a new wrapped key; False when there is one or the resident was erased."""
        with self._lock:
            if resident_id in self._keys or resident_id in self._erased:
                return False
            self._keys[resident_id] = wrapped
            return True

    def get(self, resident_id: str) -> bytes | None:
        """The wrapped key, or None."""
        return self._keys.get(resident_id)

    def destroy(self, resident_id: str, now: Instant) -> None:
        """Destroy the key and put the resident on the erasure list; once there, it stays as it is."""
        with self._lock:
            self._erased.setdefault(resident_id, now)
            self._keys.pop(resident_id, None)

    def erased(self) -> Iterator[tuple[str, Instant]]:
        """The erasure list, oldest first."""
        with self._lock:
            entries = sorted(self._erased.items(), key=lambda entry: (entry[1], entry[0]))
        return iter(entries)

    def close(self) -> None:
        """Nothing to release."""
