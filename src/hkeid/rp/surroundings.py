"""The relying party's own clock and chance: an edge room brings its own (law 2)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from hkeid.kernel.instants import Instant


class SystemClock:
    """The machine's clock."""

    def now(self) -> Instant:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


class SystemRandom:
    """The operating system's generator."""

    def token_bytes(self, length: int) -> bytes:
        """``length`` unpredictable bytes."""
        return secrets.token_bytes(length)

    def token(self, length: int = 32) -> str:
        """``length`` unpredictable bytes as base64url text without padding."""
        return secrets.token_urlsafe(length)
