"""Noticing that a request is due soon or overdue; once each, on the record."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from hkeid.audit.events import AuditTrail
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock
from hkeid.profile.rights.events import DataRequestReminded
from hkeid.profile.rights.records import (
    ANSWERED_BY_OFFICERS,
    SOON,
    DataRequest,
    DataRequestRepository,
    Reminder,
)


class RemindingTransaction(Protocol):
    """What noticing needs of a transaction."""

    @property
    def data_requests(self) -> DataRequestRepository: ...
    @property
    def audit(self) -> AuditTrail: ...


def remind(store: Store[RemindingTransaction], clock: Clock, *, limit: int = 500) -> int:
    """Note on each waiting request that it is due within a week, and later that it is overdue
    (ss.19(1), 23(1)); returns how many were noted now. May run anywhere, at any time.
    """
    now, noted = clock.now(), 0
    with store.transaction() as tx:
        for request in tx.data_requests.waiting(ANSWERED_BY_OFFICERS, limit=limit):
            reminder = _reminder(request, now)
            if reminder in (Reminder.NONE, request.reminder):
                continue
            if not tx.data_requests.change(request, replace(request, reminder=reminder)):
                continue  # answered in this moment
            tx.audit.append(
                DataRequestReminded(
                    request_id=request.id, kind=request.kind.value, reminder=reminder.value
                )
            )
            noted += 1
    return noted


def _reminder(request: DataRequest, now: Instant) -> Reminder:
    if request.overdue(now):
        return Reminder.OVERDUE
    return Reminder.SOON if request.due_at - now <= SOON else Reminder.NONE
