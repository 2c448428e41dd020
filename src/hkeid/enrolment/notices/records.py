"""Notices that are due, and the repository they wait in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hkeid.kernel.instants import Instant
from hkeid.ports.notices import Channel
from hkeid.ports.storage import Expiring


class NoticeOutcome(StrEnum):
    """What became of a notice."""

    TOLD = "told"
    """Every channel took it."""
    NOBODY = "nobody"
    """The resident has left no address."""
    GAVE_UP = "gave_up"
    """Some channel did not take it, however often it was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNotice:
    """Something that a resident must be told; without addresses or names.

    :ivar id: random.
    :ivar about: stable word, a key of :data:`hkeid.enrolment.notices.MESSAGES`.
    :ivar next_at: when to try (again); moved on by whoever takes it up.
    :ivar told: channels that have taken it.
    :ivar done_at: when nothing was left to do, with ``outcome``.
    """

    id: str
    resident_id: str
    about: str
    due_at: Instant
    next_at: Instant
    attempts: int = 0
    told: tuple[Channel, ...] = ()
    done_at: Instant | None = None
    outcome: NoticeOutcome | None = None


class NoticeChoiceRepository(Protocol):
    """What residents chose otherwise than it is at first, inside a transaction."""

    def of_resident(self, resident_id: str) -> Mapping[tuple[str, str], bool]:
        """A resident's choices, by topic and channel."""
        ...

    def put(self, resident_id: str, topic: str, channel: str, *, wanted: bool) -> None:
        """Keep a choice, in the place of an earlier one."""
        ...

    def delete(self, resident_id: str) -> int:
        """Forget a resident's choices; returns how many."""
        ...


class NoticeRepository(Expiring, Protocol):
    """Notices inside a transaction."""

    def add(self, notice: DueNotice) -> None:
        """Keep a new notice.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        ...

    def due(self, now: Instant, *, limit: int) -> tuple[DueNotice, ...]:
        """Notices that are not done and whose ``next_at`` has come, the oldest first."""
        ...

    def change(self, old: DueNotice, new: DueNotice) -> bool:
        """Replace, if ``attempts`` and ``next_at`` are still as in ``old`` and it is not done; in one
        conditional statement, so that of several dispatchers one takes a notice up.
        """
        ...

    def of_resident(self, resident_id: str, *, limit: int = 50) -> tuple[DueNotice, ...]:
        """A resident's notices, newest first."""
        ...
