"""What each page of the console shows: plain values between the core and the templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from hkeid.enrolment.record_desk import ResidentRecord
from hkeid.enrolment.review import CaseFile, Figures, QueuedCase
from hkeid.officers import AccessReason, OfficerEntry, TrailAnswer
from hkeid.profile.rights import RequestFigures
from hkeid_server.models import CeremonyForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A choice of a list: the value that the form sends, and its words."""

    value: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleLoginPage:
    """Log in, or use the passkey again.

    :ivar step_up: the second.
    :ivar fields: what its form brings along: ``next``, where it goes on, and a form that was sent before.
    """

    ceremony: CeremonyForm
    problem: str | None = None
    step_up: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleEnrolPage:
    """Bind a passkey: first the code, then the ceremony.

    :ivar error: ``unknown`` or ``attempts``.
    """

    ceremony: CeremonyForm | None = None
    error: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A picture made on the server; the table beside it says the same."""

    svg: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayPage:
    """Today's numbers.

    :ivar ages: label and number of waiting cases; ``days``: label, accepted, refused.
    :ivar requests: data requests; None for who does not answer them.
    """

    figures: Figures
    ages: tuple[tuple[str, int], ...]
    ages_plot: Plot
    days: tuple[tuple[str, int, int], ...]
    days_plot: Plot
    accesses: tuple[tuple[str, int], ...]
    oldest: str
    median_wait: str
    requests: RequestFigures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A case of the queue with its waiting time in words."""

    case: QueuedCase
    waiting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """Referred cases. ``done``: what happened just before."""

    rows: tuple[QueueRow, ...]
    done: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What an officer filled in before the form was refused, to show it again."""

    decision: str = ""
    why: str = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePage:
    """Give a reason before a case opens."""

    case_id: str
    reference: str
    reasons: tuple[Choice, ...]
    error: str | None = None
    filled: Filled = Filled()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFieldRow:
    """A field of the card: what the machine read beside what the applicant made of it."""

    field: str
    machine: str
    value: str
    edited: bool
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """A case with its evidence side by side."""

    case: CaseFile
    fields: tuple[CaseFieldRow, ...]
    reasons: tuple[Choice, ...]
    waiting: str
    error: str | None = None
    filled: Filled = Filled()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFindPage:
    """Find a resident. ``error``: ``number``, ``reason``, ``unknown``, ``own``, ``attempts``."""

    reasons: tuple[Choice, ...]
    error: str | None = None
    filled: Filled = Filled()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRow:
    """An access in words, as the resident sees it."""

    at: datetime
    role: str
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """A resident's record."""

    access_id: str
    record: ResidentRecord
    accesses: tuple[AccessRow, ...]
    reasons: tuple[Choice, ...]
    done: str | None = None
    error: str | None = None
    filled: Filled = Filled()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Search of the audit trail."""

    name: str = ""
    about: str = ""
    hours: int = 24
    answer: TrailAnswer | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPage:
    """The officers."""

    entries: tuple[OfficerEntry, ...]
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleProblemPage:
    """What went wrong: a kind of :mod:`hkeid_server.problems`, or a word of the console's own."""

    kind: str
    reason: str = ""


REASONS_IN_ORDER = tuple(AccessReason)
"""Reasons in the order in which lists show them."""
