"""Fakes of what a front door asks of the hub: sessions and claims without a hub behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hkeid.identity.authentication import SessionView
from hkeid.kernel.instants import Instant

START = datetime(2026, 11, 1, 9, 0, 0, tzinfo=UTC)


class SettableClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, start: Instant = START) -> None:
        self._now = start

    def now(self) -> Instant:
        """The present moment of the test."""
        return self._now

    def advance(self, by: timedelta | float) -> None:
        """Let time pass (a number means seconds)."""
        self._now += by if isinstance(by, timedelta) else timedelta(seconds=by)


class FakeSessions:
    """:class:`hkeid.ports.SessionReader` over a plain dict."""

    def __init__(self) -> None:
        self._views: dict[str, SessionView] = {}

    def put(self, reference: str, view: SessionView) -> None:
        """Let a browser's reference stand for a session."""
        self._views[reference] = view

    def end(self, reference: str) -> None:
        """End a session."""
        self._views.pop(reference, None)

    def current(self, reference: str | None, now: Instant) -> SessionView | None:
        """See :meth:`hkeid.ports.SessionReader.current`."""
        del now
        return None if reference is None else self._views.get(reference)

    def is_live(self, session_id: str, now: Instant) -> bool:
        """See :meth:`hkeid.ports.SessionReader.is_live`."""
        del now
        return any(view.session_id == session_id for view in self._views.values())


class FakeClaims:
    """:class:`hkeid.ports.ClaimsSource` over plain values; remembers what it released.

    :ivar values: claims by resident id, under wire names.
    :ivar agreed: ``(resident, client, claim)`` triples with consent.
    :ivar refused: the same with a refusal.
    """

    def __init__(self) -> None:
        self.values: dict[str, dict[str, Any]] = {}
        self.agreed: set[tuple[str, str, str]] = set()
        self.refused: set[tuple[str, str, str]] = set()
        self.released: list[tuple[str, str, tuple[str, ...]]] = []

    def supported(self) -> frozenset[str]:
        """See :meth:`hkeid.ports.ClaimsSource.supported`."""
        return _CLAIMS

    def unconsented(
        self, resident_id: str, client_id: str, names: Collection[str], now: Instant
    ) -> frozenset[str]:
        """See :meth:`hkeid.ports.ClaimsSource.unconsented`."""
        del now
        decided = self.agreed | self.refused
        return frozenset(n for n in names if (resident_id, client_id, n) not in decided)

    def agree(self, resident_id: str, client_id: str, names: Collection[str]) -> None:
        """Record consent."""
        self.agreed |= {(resident_id, client_id, name) for name in names}

    def release(
        self, resident_id: str, client_id: str, names: Collection[str], now: Instant
    ) -> Mapping[str, Any]:
        """See :meth:`hkeid.ports.ClaimsSource.release`."""
        del now
        self.released.append((resident_id, client_id, tuple(names)))
        return {
            wire: value
            for wire, value in self.values.get(resident_id, {}).items()
            if (base := wire.partition("#")[0]) in names
            and (resident_id, client_id, base) in self.agreed
        }


_CLAIMS = frozenset(
    {"name", "given_name", "family_name", "birthdate", "gender", "hkic_number", "updated_at"}
)
