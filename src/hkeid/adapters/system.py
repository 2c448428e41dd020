"""The operating system's clock and chance (law 2)."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime

from hkeid.kernel.instants import Instant


class SystemClock:
    """The machine's clock; whoever runs it keeps it true (NTP)."""

    __slots__ = ()

    def now(self) -> Instant:
        """The present moment in UTC."""
        return datetime.now(UTC)


class SystemRandom:
    """The kernel's generator."""

    __slots__ = ()

    def token_bytes(self, length: int) -> bytes:
        """``length`` bytes fit for keys and tokens."""
        return secrets.token_bytes(length)

    def token(self, length: int = 32) -> str:
        """``length`` such bytes as base64url text without padding, never with ``-`` in front."""
        while True:
            value = base64.urlsafe_b64encode(secrets.token_bytes(length))
            # Operators type identifiers as arguments, where a dash begins an option. Drawing
            # again costs 0.02 bits of chance.
            if not value.startswith(b"-"):
                return value.rstrip(b"=").decode("ascii")
