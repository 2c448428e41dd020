"""Data access and correction requests, and orders to erase, as the store keeps them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol

from hkeid.audit.events import AuditTrail
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import AttemptBudgets, Expiring
from hkeid.ports.surroundings import Random
from hkeid.profile.rights.grounds import RefusalGround
from hkeid.residents.records import ResidentRepository, SealedFieldRepository

TERM: Final = timedelta(days=40)
"""Within it a request is answered or refused, counted from its receipt (Cap. 486 ss.19(1), 21(1), 23(1), 25(1))."""

SOON: Final = timedelta(days=7)
"""A request that is due within it is shown as such, and noted once."""

_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class RequestKind(StrEnum):
    """What a resident asks for."""

    ACCESS = "access"
    """To be told what is held, and given a copy (s.18(1))."""
    CORRECTION = "correction"
    """That a particular is corrected (s.22(1))."""
    ERASURE = "erasure"
    """That the eID is erased (s.26). It is done at once; the request is its order and its receipt."""


ANSWERED_BY_OFFICERS: Final = frozenset({RequestKind.ACCESS, RequestKind.CORRECTION})
"""Kinds that wait for a privacy officer."""


class RequestState(StrEnum):
    """How a request stands."""

    RECEIVED = "received"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Reminder(StrEnum):
    """What was noted about the date by which an answer is due; each is noted once."""

    NONE = "none"
    SOON = "soon"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequest:
    """One request.

    :ivar id: 60 random bits in the form for people, ``7F3K-9Q2M-XA4D``.
    :ivar fields: names of the personal fields that it is about; none: about everything.
    :ivar asked: canonical JSON of :class:`~hkeid.profile.rights.asking.Asked`, sealed under the
        resident's data key; b"" where nothing was said.
    :ivar language: of the page on which it was asked; an answer is written in it.
    :ivar due_at: ``received_at`` plus :data:`TERM`.
    :ivar ground: why it was refused, or None.
    :ivar answer: what the officer wrote to the resident, sealed likewise; b"" where nothing.
    :ivar version: grows by one with every change; compare-and-set.
    """

    id: str
    resident_id: str
    kind: RequestKind
    fields: tuple[str, ...] = ()
    asked: bytes = field(default=b"", repr=False)
    language: str
    received_at: Instant
    due_at: Instant
    state: RequestState = RequestState.RECEIVED
    ground: RefusalGround | None = None
    answer: bytes = field(default=b"", repr=False)
    closed_at: Instant | None = None
    reminder: Reminder = Reminder.NONE
    version: int = 1

    @property
    def open(self) -> bool:
        """Whether it waits."""
        return self.state is RequestState.RECEIVED

    def overdue(self, now: Instant) -> bool:
        """Whether its time is over and nothing was answered."""
        return self.open and now >= self.due_at

    def days_left(self, now: Instant) -> int:
        """Whole days until it is due, rounded up; negative by the days it is late, rounded up too."""
        left = self.due_at - now
        return -(-left // timedelta(days=1)) if left > timedelta(0) else left // timedelta(days=1)


def new_request_id(random: Random) -> str:
    """A reference number for people: 60 bits as ``7F3K-9Q2M-XA4D`` (Crockford's base 32)."""
    value = int.from_bytes(random.token_bytes(8), "big")
    signs = "".join(_SIGNS[value >> shift & 31] for shift in range(0, 60, 5))
    return "-".join((signs[:4], signs[4:8], signs[8:]))


class DataRequestRepository(Expiring, Protocol):
    """Requests inside a transaction. Those that were refused are the log book of s.27."""

    def add(self, request: DataRequest) -> bool:
        """Keep a new one, in one conditional statement; False when the id is taken, or one of this kind
        of this resident waits already.
        """
        ...

    def get(self, request_id: str) -> DataRequest | None:
        """By id."""
        ...

    def of_resident(self, resident_id: str, *, limit: int = 200) -> tuple[DataRequest, ...]:
        """A resident's, newest first."""
        ...

    def waiting(
        self, kinds: Collection[RequestKind], *, limit: int = 500
    ) -> tuple[DataRequest, ...]:
        """Those that wait, the one that is due first comes first."""
        ...

    def change(self, old: DataRequest, new: DataRequest) -> bool:
        """Replace state, ground, answer, reminder and the moment of closing of one that waits and whose
        stored version is still ``old.version``; the stored version becomes ``old.version + 1``. What
        is closed never changes.
        """
        ...


class RequestsTransaction(Protocol):
    """What requests need of a transaction."""

    @property
    def data_requests(self) -> DataRequestRepository: ...
    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def sealed_fields(self) -> SealedFieldRepository: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def audit(self) -> AuditTrail: ...
