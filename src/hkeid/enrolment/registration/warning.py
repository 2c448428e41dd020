"""Telling somebody that their eID is being recovered, while it can still be stopped.

Whoever knows a number and shows any face comes as far as that. So of attempts that lead nowhere it is told
once a day at most for one eID, and only after a face was given: who is told too often stops reading. Of a
recovery that may bind a device the owner is always told, whatever came before it.
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

_ATTEMPTS: Final = "recovery_notice"
_EVERY_ONE: Final = "recovery_notice_each"
_EACH: Final = timedelta(days=1)
_RECOVERABLE: Final = frozenset({EidState.ACTIVE, EidState.UPGRADED, EidState.SUSPENDED})


def warn_owner(
    tx: EnrolmentTransaction,
    keys: KeyStore,
    number: HkicNumber,
    *,
    recovery: str,
    accepted: bool,
    now: Instant,
    random: Random,
) -> bool:
    """Tell the owner of an eID by every channel that somebody wants to recover it.

    :param recovery: id of the registration or upgrade; of the same one it is told once within a day.
    :param accepted: it was decided that a device may be bound.
    :returns: whether a notice is due; not where there is no such eID, nor of one more attempt within a
        day that was not accepted.
    """
    resident_id = find_by_hkic(tx, keys, number)
    resident = None if resident_id is None else tx.residents.get(resident_id)
    if resident is None or resident.state not in _RECOVERABLE:
        return False

    def first(kind: str, subject: str) -> bool:
        digest = secret_digest(subject)
        return tx.budgets.spend(kind, digest, limit=1, window=_EACH, now=now).allowed

    # One that was not told, since others had used the day's notice up, is told when it is accepted.
    due = (accepted or first(_ATTEMPTS, resident.id)) and first(_EVERY_ONE, recovery)
    if due:
        tell(tx, resident.id, "recovery_started", now=now, random=random)
    return due
