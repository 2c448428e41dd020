"""Audit events of data-subject rights: ids, kinds and names of fields, never what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequestReceived(AuditEvent):
    """A resident asked; the forty days begin."""

    NAME: ClassVar[str] = "profile:data-request:received"

    request_id: str
    resident_id: str
    kind: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequestWithdrawn(AuditEvent):
    """The resident took a request back."""

    NAME: ClassVar[str] = "profile:data-request:withdrawn"

    request_id: str
    resident_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequestAnswered(AuditEvent):
    """A request was complied with.

    :ivar late: after it was due.
    """

    NAME: ClassVar[str] = "profile:data-request:answered"

    request_id: str
    resident_id: str
    kind: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequestRefused(AuditEvent):
    """A request was refused; with the request itself this is the entry in the log book (s.27).

    :ivar ground: a word of :class:`~hkeid.profile.rights.RefusalGround`.
    :ivar late: after it was due.
    """

    NAME: ClassVar[str] = "profile:data-request:refused"

    request_id: str
    resident_id: str
    kind: str
    ground: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequestReminded(AuditEvent):
    """It was noticed that a request is due soon, or overdue.

    :ivar reminder: a word of :class:`~hkeid.profile.rights.Reminder`.
    """

    NAME: ClassVar[str] = "profile:data-request:reminded"

    request_id: str
    kind: str
    reminder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCopyMade(AuditEvent):
    """A resident took a copy of everything that is held about them.

    :ivar form: ``json`` or ``pdf``.
    :ivar records: how many records it has.
    """

    NAME: ClassVar[str] = "profile:own-copy:made"

    resident_id: str
    form: str
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureOrdered(AuditEvent):
    """A resident ordered that the eID is erased, after a fresh login and an explicit yes."""

    NAME: ClassVar[str] = "profile:erasure:ordered"

    request_id: str
    resident_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureDone(AuditEvent):
    """What was ordered is done: the eID has ended and the data key is destroyed."""

    NAME: ClassVar[str] = "profile:erasure:done"

    request_id: str
    resident_id: str
