"""What the pages of stations and of the upgrade show."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hkeid_server.models import CeremonyForm


@dataclass(frozen=True, slots=True, kw_only=True)
class StationBadge:
    """The station, as its pages name it.

    :ivar mode: ``kiosk``, ``counter`` or ``mobile``.
    :ivar officer: an officer sits there.
    :ivar office: their office in words, "" where nobody sits; never who it is.
    """

    name: str
    mode: str
    officer: bool = False
    office: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskPage:
    """One page at a station: one instruction.

    :ivar step: ``start``, ``digits``, ``card``, ``face``, ``compare``, ``unassisted``, ``registry``, ``returned``,
        ``phone``, ``review``, ``done``, ``recovered`` or ``ended``.
    :ivar address: address of this upgrade's pages, "" before one began.
    :ivar problem: what went wrong just now, or why it ended.
    :ivar refresh: seconds after which the page looks again; 0: never.
    :ivar then: where it goes by itself after ``refresh`` seconds.
    :ivar idle: seconds without a touch before the page asks whether somebody is there; 0: never.
    :ivar until: when the time for this upgrade is over.
    :ivar at: when it was done.
    :ivar confirmed_anywhere: the resident may confirm on their own page too, not only here.
    :ivar recovers: a lost eID is recovered, nothing is upgraded.
    :ivar accepted: officers accepted it in a review: whoever leaves does not undo that.
    :ivar names: where somebody came back: the name on the chip, in each script.
    :ivar plus: after a recovery: the eID is an eID+ still.
    :ivar cooling_until: after a recovery: until then the eID gives basic logins only.
    """

    station: StationBadge
    step: str
    address: str = ""
    upgrade_id: str = ""
    receipt: str = ""
    problem: str | None = None
    refresh: int = 0
    then: str = ""
    idle: int = 0
    until: datetime | None = None
    at: datetime | None = None
    registers: bool = False
    confirmed_anywhere: bool = False
    can_begin_with_card: bool = False
    can_recover: bool = False
    recovers: bool = False
    accepted: bool = False
    names: tuple[str, ...] = field(default=(), repr=False)
    plus: bool = False
    cooling_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskCeremonyPage:
    """A passkey at the station: use one (``get``), or make one on a security key (``create``).

    :ivar step: ``phone`` where a passkey confirms, ``bind`` where one is made.
    :ivar confirmed_anywhere: the resident may confirm on their own page too, not only here.
    :ivar recovers: the key takes the place of keys that are lost.
    :ivar accepted: officers accepted it in a review: whoever leaves does not undo that.
    """

    station: StationBadge
    ceremony: CeremonyForm
    address: str
    step: str
    confirmed_anywhere: bool = False
    recovers: bool = False
    accepted: bool = False
    problem: str | None = None
    idle: int = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskOfficerPage:
    """Who sits at this counter. ``sandbox``: a test officer may sit down by a button."""

    station: StationBadge
    sandbox: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskProblemPage:
    """Something failed at a station; the page goes back to the start by itself.

    :ivar kind: one of :data:`hkeid_server.problems.KINDS`.
    :ivar station: None where the browser is no station's, or nobody could be asked.
    :ivar again: address of the upgrade's own page, "" where there is none to go on with.
    :ivar refresh: seconds after which it goes to ``then``.
    """

    kind: str
    station: StationBadge | None = None
    again: str = ""
    refresh: int = 0
    then: str = "/kiosk"


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskClosedPage:
    """This browser is no station's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePage:
    """The resident's own page about their upgrade.

    :ivar step: ``none``, ``offered``, ``station``, ``review``, ``confirm``, ``done``, ``ended``.
    :ivar number: the number in two groups, "" when it has run out.
    :ivar code: the same as an SVG picture of a QR code.
    :ivar seconds: how long the number is good.
    """

    step: str
    number: str = ""
    code: str = field(default="", repr=False)
    seconds: int = 0
    until: datetime | None = None
    receipt: str = ""
    problem: str | None = None
    refresh: int = 0
    ceremony: CeremonyForm | None = None
    ceremony_problem: str | None = None
