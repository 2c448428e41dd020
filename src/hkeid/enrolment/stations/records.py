"""Stations as the store keeps them, and what each kind may do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from hkeid.kernel.instants import Instant


class StationMode(StrEnum):
    """What kind of station it is."""

    KIOSK = "kiosk"
    """Nobody stands by: residents help themselves."""
    COUNTER = "counter"
    """An officer sits there."""
    MOBILE = "mobile"
    """A team on the road, with an officer, sometimes without a network."""


class StationPermission(StrEnum):
    """What a station may do."""

    UPGRADE_WITH_NUMBER = "upgrade_with_number"
    """Upgrade whoever shows a number from their own logged-in page."""
    UPGRADE_WITH_CARD = "upgrade_with_card"
    """Upgrade by the card alone, an officer being present."""
    REGISTER = "register"
    """Register a person without a phone onto a security key, an officer being present."""
    RECOVER = "recover"
    """Recover the eID of a person who lost every passkey, an officer being present."""
    UPLOAD = "upload"
    """Bring readings made without a network; an officer reviews each."""


_PERMISSIONS = {
    StationMode.KIOSK: frozenset({StationPermission.UPGRADE_WITH_NUMBER}),
    StationMode.COUNTER: frozenset(
        {
            StationPermission.UPGRADE_WITH_NUMBER,
            StationPermission.UPGRADE_WITH_CARD,
            StationPermission.REGISTER,
            StationPermission.RECOVER,
        }
    ),
    # Not on the road: whoever takes over an eID does so where others see it.
    StationMode.MOBILE: frozenset(StationPermission) - {StationPermission.RECOVER},
}


def permissions_of(mode: StationMode) -> frozenset[StationPermission]:
    """What a station of this kind may do."""
    return _PERMISSIONS[mode]


class StationStatus(StrEnum):
    """Life of a station."""

    INVITED = "invited"
    """It has a code and no certificate yet."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    """For good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """An enrolled station.

    :ivar id: random internal id.
    :ivar name: what operators and residents call it (``Sha Tin post office, kiosk 2``).
    :ivar fingerprint: SHA-256 of the certificate that is bound to it; None before it enrolled.
    :ivar public_key: that certificate's key (SubjectPublicKeyInfo), b"" before.
    :ivar certificate_ends: when that certificate expires.
    :ivar sequence: highest sequence number of its uploads that was taken.
    :ivar officer: reference of the officer who signed on for it, until ``officer_until``.
    :ivar officer_session: the officer's session in which they did; with it the seat ends.
    :ivar version: grows by one with every change; compare-and-set.
    """

    id: str
    name: str
    mode: StationMode
    status: StationStatus
    fingerprint: bytes | None = None
    public_key: bytes = field(default=b"", repr=False)
    certificate_ends: Instant | None = None
    sequence: int = 0
    officer: str | None = None
    officer_session: str | None = None
    officer_until: Instant | None = None
    created_at: Instant
    updated_at: Instant
    last_seen_at: Instant | None = None
    version: int = 1

    def may(self, permission: StationPermission) -> bool:
        """Whether it may, by its kind."""
        return permission in _PERMISSIONS[self.mode]


class StationRepository(Protocol):
    """Stations inside a transaction."""

    def add(self, station: Station) -> bool:
        """Keep a new station; False when its id is taken."""
        ...

    def get(self, station_id: str) -> Station | None:
        """By id."""
        ...

    def by_fingerprint(self, fingerprint: bytes) -> Station | None:
        """By the certificate that is bound to it now."""
        ...

    def change(self, old: Station, new: Station) -> bool:
        """Replace ``old`` by ``new`` if the stored version is still ``old.version``; the stored
        version becomes ``old.version + 1``. False when somebody else was faster, or another station
        has the fingerprint.
        """
        ...

    def touch(self, station_id: str, now: Instant) -> None:
        """Note that it was seen; no change of the version."""
        ...

    def __iter__(self) -> Iterator[Station]:
        """Every station, in order of id."""
        ...
