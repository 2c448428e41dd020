"""Changes of a resident's addresses: one after the other, and not too many on one day.

The addresses and the list of those that were left are read, changed and written back. Two at once would
overwrite each other, and an address that was left would never hear of it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Protocol

from hkeid.kernel.errors import TooManyAttempts
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.ports.storage import AttemptBudgets
from hkeid.residents.turns import take_turn as residents_turn

CHANGES_A_DAY: Final = 20
"""So many changes of one resident's addresses are made within a day."""

_DAY: Final = timedelta(days=1)
_TURN: Final = "contact_turn"
_CHANGES: Final = "contact_changes"


class ChangingTransaction(Protocol):
    """What changing addresses needs of a transaction."""

    @property
    def budgets(self) -> AttemptBudgets: ...


def take_turn(tx: ChangingTransaction, resident_id: str, now: Instant) -> None:
    """Wait for whoever changes the same resident's addresses, until this transaction ends. Comes before
    whatever is read of them.
    """
    residents_turn(tx, _TURN, resident_id, now)


def count_change(tx: ChangingTransaction, resident_id: str, now: Instant) -> None:
    """Count a change in its own transaction: only one that is made counts.

    :raises hkeid.kernel.errors.TooManyAttempts: ``contact_changes_exhausted``.
    """
    spent = tx.budgets.spend(
        _CHANGES, secret_digest(resident_id), limit=CHANGES_A_DAY, window=_DAY, now=now
    )
    if not spent.allowed:
        raise TooManyAttempts("contact_changes_exhausted", retry_after=spent.retry_after)
