"""An upgrade as the store keeps it: a state machine, each step one compare-and-set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from hkeid.enrolment.records import EnrolmentTransaction
from hkeid.enrolment.registration.records import RegistrationRepository
from hkeid.enrolment.stations.records import StationMode, StationRepository
from hkeid.kernel.instants import Instant
from hkeid.officers.records import OfficerRepository, RecordAccessRepository
from hkeid.ports.storage import Expiring

SERVED = "served"
"""Fact of an upgrade: the officers who sat at the station in its course."""

TEAM = "team"
"""Fact of an upgrade: the officer who began the shift, or None: nobody had signed on."""

RECOVERS = "recovers"
"""Fact of an upgrade that is none: a lost eID is recovered at a counter."""

CASE_PREFIX = "upgrade."
"""Before the id of an upgrade where cases of several kinds lie side by side; no other id has a dot."""


class UpgradeStep(StrEnum):
    """What has to happen next."""

    OFFERED = "offered"
    """The resident's page shows a number; a station has to take it up."""
    CHIP = "chip"
    """The station reads the chip."""
    FACE = "face"
    """The chip is accepted; the face is compared with the chip's portrait."""
    REVIEW = "review"
    """An officer decides."""
    BIND = "bind"
    """A security key is registered: nobody has this identity yet, or who has it lost every passkey
    (counter, without a phone)."""
    CONFIRM = "confirm"
    """The resident confirms with a passkey."""
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing can follow."""
        return self in _OVER

    @property
    def at_station(self) -> bool:
        """Whether a station is busy with it."""
        return self in _AT_STATION


_OVER = frozenset(
    {UpgradeStep.DONE, UpgradeStep.REFUSED, UpgradeStep.EXPIRED, UpgradeStep.CANCELLED}
)
_AT_STATION = frozenset({UpgradeStep.CHIP, UpgradeStep.FACE, UpgradeStep.BIND, UpgradeStep.CONFIRM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """One upgrade.

    :ivar id: random internal id.
    :ivar receipt: reference number for people (``7F3K-9Q2M-XA4D``).
    :ivar number: MAC of the number that the resident's page shows; None when there is none (counter,
        card alone) or it was taken up.
    :ivar round: how many numbers were made for it, so that the page can show the same one again.
    :ivar number_ends: when the number is no longer good.
    :ivar resident_id: whose upgrade it is; None until the chip tells.
    :ivar channel: kind of the station, None before one took it up.
    :ivar officer: reference of the officer who was present, None at a kiosk.
    :ivar registers: the person has no eID yet and gets one here.
    :ivar nonce: the server's challenge for this upgrade at this station; b"" before.
    :ivar evidence: digest of the accepted reading; used up by it.
    :ivar facts: what was found, for audit and officers: short words and numbers, nothing personal.
    :ivar reason: why it was refused, referred, or ended.
    :ivar version: grows by one with every change; compare-and-set.
    """

    id: str
    receipt: str
    step: UpgradeStep
    number: bytes | None = None
    round: int = 0
    number_ends: Instant | None = None
    resident_id: str | None = None
    station_id: str | None = None
    channel: StationMode | None = None
    officer: str | None = None
    registers: bool = False
    nonce: bytes = field(default=b"", repr=False)
    evidence: bytes | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    created_at: Instant
    claimed_at: Instant | None = None
    updated_at: Instant
    expires_at: Instant
    version: int = 1

    @property
    def confirmed_anywhere(self) -> bool:
        """Whether the resident may confirm on their own page: they came with its number, or a mobile
        team read their card. One that a card alone began is confirmed where the person stands, for
        nothing else says that person and passkey belong together.
        """
        return self.round > 0 or self.facts.get("offline") is True

    @property
    def accepted_in_review(self) -> bool:
        """Whether officers accepted it after a referral, and only the key or the passkey is missing: that
        is not undone by whoever comes to the station next. Who recovers an eID stands there and goes on
        at once, or has left.
        """
        waits = self.step in {UpgradeStep.BIND, UpgradeStep.CONFIRM} and not self.recovers
        return waits and self.reason is not None

    @property
    def recovers(self) -> bool:
        """Whether an eID whose every passkey is lost is recovered; it upgrades nothing."""
        return self.facts.get(RECOVERS) is True

    @property
    def binds(self) -> bool:
        """Whether a security key is registered by it, which the proofing policy decides on."""
        return self.registers or self.recovers

    @property
    def case_id(self) -> str:
        """Its id among the cases that officers look at."""
        return CASE_PREFIX + self.id


class UpgradeRepository(Expiring, Protocol):
    """Upgrades inside a transaction."""

    def add(self, upgrade: Upgrade) -> bool:
        """Keep a new upgrade; False when its id or number is taken."""
        ...

    def get(self, upgrade_id: str) -> Upgrade | None:
        """By id."""
        ...

    def by_number(self, number: bytes) -> Upgrade | None:
        """By the MAC of the number on the resident's page."""
        ...

    def of_resident(self, resident_id: str, *, limit: int = 20) -> tuple[Upgrade, ...]:
        """A resident's, newest first."""
        ...

    def at_station(self, station_id: str) -> tuple[Upgrade, ...]:
        """Those a station is busy with (:attr:`UpgradeStep.at_station`), newest first."""
        ...

    def in_step(self, step: UpgradeStep, *, limit: int = 100) -> tuple[Upgrade, ...]:
        """Those at a step, oldest first."""
        ...

    def due(self, now: Instant, *, limit: int = 100) -> tuple[Upgrade, ...]:
        """Those that are not over although their time is, oldest first."""
        ...

    def change(self, old: Upgrade, new: Upgrade) -> bool:
        """Replace ``old`` by ``new`` if the stored version is still ``old.version``; the stored
        version becomes ``old.version + 1``. False when somebody else was faster, or the number is
        taken.
        """
        ...


class UpgradeTransaction(EnrolmentTransaction, Protocol):
    """Enrolment's repositories, stations and upgrades."""

    @property
    def stations(self) -> StationRepository: ...
    @property
    def upgrades(self) -> UpgradeRepository: ...
    @property
    def registrations(self) -> RegistrationRepository: ...
    @property
    def officers(self) -> OfficerRepository: ...
    @property
    def record_accesses(self) -> RecordAccessRepository: ...
