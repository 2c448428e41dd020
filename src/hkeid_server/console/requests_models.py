"""What the console's pages about data requests show."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hkeid.profile.rights import RequestFigures
from hkeid_server.console.models import Choice, Filled


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A request of the queue.

    :ivar labels: what it is about, in words.
    :ivar left: until it is due, in words; ``overdue`` and ``soon`` are said in words as well.
    """

    id: str
    kind: str
    labels: tuple[str, ...]
    received_at: datetime
    due_at: datetime
    left: str
    overdue: bool
    soon: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsPage:
    """The queue. ``done``: ``answered``, ``refused``, ``gone``."""

    rows: tuple[RequestRow, ...]
    figures: RequestFigures
    done: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTakePage:
    """Give a reason before a request opens. ``error``: ``reason``, ``note``, ``own``."""

    row: RequestRow
    reasons: tuple[Choice, ...]
    error: str | None = None
    filled: Filled = field(default_factory=Filled)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """A particular as it stands now."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPage:
    """One request, opened.

    :ivar wish: what the particular should say; ``words``: the resident's own.
    :ivar language: in which the answer has to be written, in words.
    :ivar grounds: on which it may be refused, with their sections.
    :ivar error: ``decision``, ``ground``, ``text``, ``words``.
    """

    row: RequestRow
    access_id: str
    wish: str
    words: str
    held: tuple[HeldRow, ...]
    language: str
    grounds: tuple[Choice, ...]
    error: str | None = None
    decision: str = ""
    ground: str = ""
    text: str = ""
