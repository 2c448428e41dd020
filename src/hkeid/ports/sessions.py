"""What a front door asks at once: is there a session, may this claim be released now?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from hkeid.identity.authentication import SessionView
from hkeid.kernel.instants import Instant


class SessionReader(Protocol):
    """Looks up the broker's session; the broker implements it."""

    def current(self, reference: str | None, now: Instant) -> SessionView | None:
        """The live session behind the browser's reference, or None.

        None as well when the session ended or expired, its credential was revoked, or the resident
        may not log in at present.
        """
        ...

    def is_live(self, session_id: str, now: Instant) -> bool:
        """Whether the session with this internal id is still live."""
        ...


class ClaimsSource(Protocol):
    """Releases personal claims, each only with the resident's consent at that moment (S7)."""

    def supported(self) -> frozenset[str]:
        """Names of the claims there can be, without language tags."""
        ...

    def unconsented(
        self, resident_id: str, client_id: str, names: Collection[str], now: Instant
    ) -> frozenset[str]:
        """Those of ``names`` about which the resident has not yet decided for this client.

        A refusal of a voluntary claim is a decision: it is then neither asked for again nor
        released. A required claim that was refused or withdrawn counts as undecided, because the
        client's service cannot be had without it. Claims that the client has not registered are
        never among them; they are not released either.
        """
        ...

    def release(
        self, resident_id: str, client_id: str, names: Collection[str], now: Instant
    ) -> Mapping[str, Any]:
        """The claims of ``names`` that may be released now, by wire name (``name#zh-Hant-HK`` too).

        Records the disclosure, durably, before it returns.
        """
        ...
