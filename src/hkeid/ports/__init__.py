"""Protocols only: what the core asks of the outside world.

A port that needs a room's own types (a repository of grants, say) is declared in that room; the
ones here need nothing above :mod:`hkeid.identity`.
"""

from hkeid.ports.keys import KeyPurpose, KeyState, KeyStore, SigningKey
from hkeid.ports.sessions import ClaimsSource, SessionReader
from hkeid.ports.storage import (
    AttemptBudgets,
    BudgetAnswer,
    Lost,
    SingleUse,
    SingleUseRecord,
    Store,
    UseOutcome,
    Vanished,
    Won,
)
from hkeid.ports.surroundings import Clock, HttpAnswer, HttpClient, Random
from hkeid.ports.vault import DataKeyVault

__all__ = [
    "AttemptBudgets",
    "BudgetAnswer",
    "ClaimsSource",
    "Clock",
    "DataKeyVault",
    "HttpAnswer",
    "HttpClient",
    "KeyPurpose",
    "KeyState",
    "KeyStore",
    "Lost",
    "Random",
    "SessionReader",
    "SigningKey",
    "SingleUse",
    "SingleUseRecord",
    "Store",
    "UseOutcome",
    "Vanished",
    "Won",
]
