"""Backups of the data and, apart from them, of the vault; and coming back from them (law 4).

A backup of the data may be kept as long as one likes: what an erased resident had in it is sealed
with a key that exists nowhere any more, once the last backup of the vault from before the erasure
has passed its horizon. A restore replays the erasure list before the store may serve.
"""

from hkeid.adapters.backup.backups import (
    HORIZON,
    back_up_data,
    back_up_vault,
    list_backups,
    prune_vault_backups,
)
from hkeid.adapters.backup.erasure_list import read_erasures, write_erasures
from hkeid.adapters.backup.names import BackupFile
from hkeid.adapters.backup.restoring import StoreRestored, restore_data, restore_vault

__all__ = [
    "HORIZON",
    "BackupFile",
    "StoreRestored",
    "back_up_data",
    "back_up_vault",
    "list_backups",
    "prune_vault_backups",
    "read_erasures",
    "restore_data",
    "restore_vault",
    "write_erasures",
]
