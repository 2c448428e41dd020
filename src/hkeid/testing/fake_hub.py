"""Fakes of what a front door asks of the hub: sessions and claims without a hub behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hkeid.identity.authentication import SessionView
from hkeid.kernel.instants import Instant
from hkeid.ports.sessions import VerifiableClaims, VerifiedClaimsWish

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
    :ivar verification: by resident id, how identity was verified (Identity Assurance Schema §5.4).
    """

    def __init__(self) -> None:
        self.values: dict[str, dict[str, Any]] = {}
        self.agreed: set[tuple[str, str, str]] = set()
        self.refused: set[tuple[str, str, str]] = set()
        self.verification: dict[str, dict[str, Any]] = {}
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

    def verifiable(self) -> VerifiableClaims:
        """See :meth:`hkeid.ports.ClaimsSource.verifiable`."""
        return VerifiableClaims(
            trust_frameworks=("hk_eid",),
            claims=tuple(sorted(_CLAIMS - {"updated_at", "verified_claims"})),
            evidence=("document",),
            documents=("idcard",),
        )

    def release(
        self,
        resident_id: str,
        client_id: str,
        names: Collection[str],
        now: Instant,
        verified: Collection[VerifiedClaimsWish] = (),
    ) -> Mapping[str, Any]:
        """See :meth:`hkeid.ports.ClaimsSource.release`."""
        self.released.append((resident_id, client_id, tuple(names)))
        allowed = {
            wire: value
            for wire, value in self.values.get(resident_id, {}).items()
            if (resident_id, client_id, wire.partition("#")[0]) in self.agreed
        }
        released = {w: value for w, value in allowed.items() if w.partition("#")[0] in names}
        known = self.verification.get(resident_id)
        if known is None or (resident_id, client_id, "verified_claims") not in self.agreed:
            return released
        answers = [wish.answer(known, allowed, now) for wish in verified]
        found = [answer for answer in answers if answer is not None]
        if found:
            released["verified_claims"] = found[0] if len(found) == 1 else found
        return released


_CLAIMS = frozenset(
    {"name", "given_name", "family_name", "birthdate", "gender", "hkic_number", "updated_at"}
    | {"verified_claims"}
)
