"""What the pages of a resident's own data show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCard:
    """A request of the resident's.

    :ivar kind: ``access`` or ``correction``.
    :ivar labels: what it is about, in the page's language.
    :ivar state: ``received``, ``answered``, ``refused`` or ``withdrawn``.
    :ivar ground: why it was refused, in words.
    """

    id: str
    kind: str
    labels: tuple[str, ...]
    wish: str
    words: str
    received_at: datetime
    due_at: datetime
    overdue: bool
    state: str
    ground: str = ""
    answer: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPage:
    """My data.

    :ivar pdf: whether a PDF can be made here.
    :ivar waiting: kinds of which one waits, so that another cannot be asked for.
    :ivar cooling_until: until then no copy is given out and nothing erased; None: no such time.
    :ivar done: what was done just now: ``asked``, ``withdrawn``.
    :ivar error: ``no-font``, ``closed``.
    """

    requests: tuple[RequestCard, ...]
    pdf: bool
    waiting: frozenset[str] = frozenset()
    cooling_until: datetime | None = None
    done: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedField:
    """A particular whose correction may be asked for."""

    name: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAskPage:
    """Ask for access or for a correction.

    :ivar kind: ``access`` or ``correction``.
    :ivar typed: what was typed: ``wish``, ``words``.
    :ivar error: ``choose``, ``wish``, ``words``, ``open``, ``limit``, ``not-active``.
    :ivar at_fault: id of the field that is wrong.
    """

    kind: str
    fields: tuple[AskedField, ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    at_fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePage:
    """Erase my eID.

    :ivar stays: what stays and why, in the page's language.
    :ivar error: ``confirm``, ``cooling``.
    """

    stays: tuple[str, ...]
    pdf: bool
    cooling_until: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedPage:
    """The eID is erased.

    :ivar reference: of the order.
    :ivar frames: addresses of relying parties to load (OpenID Connect Front-Channel Logout §3).
    """

    reference: str
    frames: tuple[str, ...] = ()
