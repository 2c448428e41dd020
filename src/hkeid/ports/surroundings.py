"""Time, chance and the network as arguments (law 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hkeid.kernel.instants import Instant


class Clock(Protocol):
    """Where the core learns what time it is."""

    def now(self) -> Instant:
        """The present moment, aware, in UTC."""
        ...


class Random(Protocol):
    """Where the core gets unpredictable values."""

    def token_bytes(self, length: int) -> bytes:
        """``length`` bytes fit for keys and tokens."""
        ...

    def token(self, length: int = 32) -> str:
        """``length`` such bytes as base64url text without padding.

        Never begins with ``-``: operators type identifiers as a command's arguments.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What an outgoing request brought back."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class HttpClient(Protocol):
    """Outgoing HTTP with TLS verification that cannot be switched off."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 10.0,
        limit: int = 1_048_576,
    ) -> HttpAnswer:
        """Send one request; redirects are not followed.

        :param timeout: seconds for the whole exchange.
        :param limit: most bytes of body that are read.
        :raises hkeid.kernel.errors.Unavailable: no answer, or more than ``limit`` bytes.
        """
        ...
