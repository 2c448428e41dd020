"""What the pages of registration show: plain values between the core and the templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hkeid_server.models import CeremonyForm, EidCard

STEPS = ("start", "card", "details", "selfie", "bind", "confirm", "done")
"""The screens, in order: what "Step 2 of 7" counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What every page of a registration says about it.

    :ivar reference: the case number.
    :ivar until: when the present step is over.
    :ivar step: the word of the step.
    :ivar recovery: a lost eID is recovered, no new one registered.
    """

    reference: str = field(repr=False)
    until: datetime
    step: str
    recovery: bool = False

    @property
    def number(self) -> int:
        """The number of the screen, from 1; 0 for what is no screen of its own."""
        return STEPS.index(self.step) + 1 if self.step in STEPS else 0

    @property
    def total(self) -> int:
        """How many screens there are."""
        return len(STEPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """Where one begins, or goes on.

    :ivar register: registration is offered here.
    :ivar verify: signed documents can be checked here.
    :ivar resume: a registration that this browser left, or None.
    """

    register: bool = False
    verify: bool = False
    resume: Case | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage:
    """Before anything is collected: what it is, what happens to the data, consent.

    :ivar statement: version of collection statement and consent that are on the page.
    :ivar error: ``consent`` (not given), ``attempts``, ``crowded`` (too many are open),
        ``statement`` (it changed meanwhile).
    :ivar resume: a registration that this browser left, or None.
    :ivar recovery: for somebody who has an eID and lost every device.
    """

    statement: str
    error: str | None = None
    resume: Case | None = None
    recovery: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPage:
    """Photograph the card.

    :ivar advice: why the last picture did not do (``RetakeAdvice``), or None.
    :ivar problem: the last upload could not be looked at: ``empty``, ``large``, ``kind``, ``busy``.
    """

    case: Case
    tries_left: int
    advice: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """A field of the card on the page where it is checked.

    :ivar shown: in the local form; the number masked.
    :ivar value: as it is edited.
    :ivar machine: what the machine read, in the local form and masked; "" if nothing.
    :ivar changed: the value is not what the machine read.
    :ivar error: word for what is wrong with it, or None.
    """

    name: str
    shown: str
    value: str
    machine: str
    editable: bool
    changed: bool = False
    error: str | None = None

    @property
    def missing(self) -> bool:
        """Nothing was read and nothing was typed."""
        return not self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsPage:
    """Check what was read.

    :ivar problem: ``edit_too_far``, ``dates_impossible``, ``details_incomplete``, ``malformed``.
    :ivar warnings: what the reader wondered about.
    """

    case: Case
    rows: tuple[FieldRow, ...]
    problem: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def at_fault(self) -> FieldRow | None:
        """The first row that has an error."""
        return next((row for row in self.rows if row.error), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfiePage:
    """Selfie with an active challenge, which ``liveness.js`` fetches when the person is ready.

    :ivar warning: why the last one did not do, or None.
    """

    case: Case
    tries_left: int
    warning: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyPage:
    """Make the passkey (``create``), or use it for the first time (``get``)."""

    case: Case
    ceremony: CeremonyForm
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DonePage:
    """The eID is active.

    :ivar card: None when this browser is not logged in any more.
    :ivar cooling_until: after a recovery: how long the eID gives basic logins only.
    """

    case: Case
    at: datetime
    checked: tuple[str, ...]
    kept: tuple[str, ...]
    destroyed: tuple[str, ...]
    marks: tuple[str, ...]
    policy: str
    card: EidCard | None = None
    cooling_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPage:
    """Somebody else acts next: an officer (``referred``) or a guardian (``guardian``).

    :ivar contact: ``kept`` after an address was left, ``malformed`` when it was none.
    :ivar email: what was typed, when it was malformed.
    :ivar code: a code for the guardian, just made; shown once.
    :ivar standing: how the case stands, in words; empty where no officer acts.
    :ivar usual_days: within how many days half of the latest cases were decided; None: unknown.
    """

    case: Case
    reason: str | None
    standing: str = ""
    usual_days: int | None = None
    contact: str | None = None
    email: str = ""
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedPage:
    """It did not lead to an eID: ``refused``, ``expired``, ``stopped``, ``not-offered``.

    :ivar recovery: a lost eID was to be recovered.
    """

    kind: str
    reference: str = field(default="", repr=False)
    reason: str | None = None
    recovery: bool = False
