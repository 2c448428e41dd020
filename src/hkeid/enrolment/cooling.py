"""The cooling period: for a while after a recovery, nothing about an eID may be made fast.

Whoever recovered it showed a card and a face to a camera; the owner, if somebody else did, hears of it
by every channel and has this time to freeze the eID.
"""

from __future__ import annotations

from typing import Protocol

from hkeid.enrolment.errors import EnrolmentRefused
from hkeid.kernel.instants import Instant
from hkeid.residents.records import ResidentRepository


class CoolingTransaction(Protocol):
    """What looking needs of a transaction."""

    @property
    def residents(self) -> ResidentRepository: ...


def check_not_cooling(tx: CoolingTransaction, resident_id: str, now: Instant) -> None:
    """Let an eID pass that is not in its cooling period.

    :raises EnrolmentRefused: ``eid_cooling``.
    """
    resident = tx.residents.get(resident_id)
    if resident is not None and resident.cools(now):
        raise EnrolmentRefused(
            "eid_cooling", "This is possible again some days after your eID was recovered."
        )
