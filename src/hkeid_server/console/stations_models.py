"""What the console's pages about stations and upgrades show."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.enrolment.counter_seats import StationLine
from hkeid.enrolment.review import UpgradeFile
from hkeid_server.console.models import CaseFieldRow, Choice, Filled


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRow:
    """A station with words for who sits there: a name where one may know it, else the office."""

    station: StationLine
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StationsPage:
    """The stations.

    :ivar served: this installation serves stations.
    :ivar sits: the officer who looks may take a seat.
    :ivar done: what happened just before: ``taken``, ``left``.
    :ivar error: why a seat was not taken: ``changed``, ``closed``.
    """

    rows: tuple[StationRow, ...] = ()
    served: bool = True
    sits: bool = False
    done: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeCasePage:
    """An upgrade with its evidence side by side."""

    case: UpgradeFile
    fields: tuple[CaseFieldRow, ...]
    reasons: tuple[Choice, ...]
    waiting: str
    error: str | None = None
    filled: Filled = field(default_factory=Filled)
