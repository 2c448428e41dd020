"""Telling somebody that their eID is being recovered, while it can still be stopped.

Whoever knows a number and shows any face comes as far as that. So it is told once a day at most for one
eID, and only after a face was given: who is told too often stops reading.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.records import EnrolmentTransaction
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.state import EidState
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.ports.keys import KeyStore
from hkeid.ports.surroundings import Random
from hkeid.residents import find_by_hkic

_BUDGET: Final = "recovery_notice"
_EACH: Final = timedelta(days=1)
_RECOVERABLE: Final = frozenset({EidState.ACTIVE, EidState.UPGRADED, EidState.SUSPENDED})


def warn_owner(
    tx: EnrolmentTransaction, keys: KeyStore, number: HkicNumber, *, now: Instant, random: Random
) -> bool:
    """Tell the owner of an eID by every channel that somebody wants to recover it.

    :returns: whether a notice is due; not where there is no such eID, or one was due within a day.
    """
    resident_id = find_by_hkic(tx, keys, number)
    resident = None if resident_id is None else tx.residents.get(resident_id)
    if resident is None or resident.state not in _RECOVERABLE:
        return False
    spent = tx.budgets.spend(_BUDGET, secret_digest(resident.id), limit=1, window=_EACH, now=now)
    if spent.allowed:
        tell(tx, resident.id, "recovery_started", now=now, random=random)
    return spent.allowed
