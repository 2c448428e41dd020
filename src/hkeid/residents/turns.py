"""One after the other: changes that read, decide and write back what belongs to one resident.

Two at once would overwrite each other, or keep what the other one had just erased.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Protocol

from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.ports.storage import AttemptBudgets

_DAY: Final = timedelta(days=1)
_NO_END: Final = 2**40


class TurnTransaction(Protocol):
    """What taking turns needs of a transaction."""

    @property
    def budgets(self) -> AttemptBudgets: ...


def take_turn(tx: TurnTransaction, what: str, resident_id: str, now: Instant) -> None:
    """Wait for whoever changes the same thing of the same resident, until this transaction ends. Comes
    before whatever is read of it.

    :param what: one word for the thing that is changed.
    """
    # The row of a budget is written, and so locked, by whoever spends of it (law 1); what the next one
    # reads after waiting for it is what this one wrote.
    tx.budgets.spend(what, secret_digest(resident_id), limit=_NO_END, window=_DAY, now=now)
