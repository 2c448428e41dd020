"""Where wrapped data keys live, apart from the data (law 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from hkeid.kernel.instants import Instant


class DataKeyVault(Protocol):
    """Wrapped data keys, one per resident, and the list of those erased for good.

    A vault is backed up apart from the data and for a short horizon only; to destroy a key here is
    to erase what it sealed everywhere.
    """

    def put(self, resident_id: str, wrapped: bytes) -> bool:
        """Keep a new wrapped key. False when there is one already or the resident was erased."""
        ...

    def get(self, resident_id: str) -> bytes | None:
        """The wrapped key, or None when there is none (never made, or erased)."""
        ...

    def destroy(self, resident_id: str, now: Instant) -> None:
        """Destroy the key and put the resident on the erasure list, durably, in one step."""
        ...

    def erased(self) -> Iterator[tuple[str, Instant]]:
        """The erasure list, oldest first: what a restore replays before it serves."""
        ...
