"""Vaults of wrapped data keys (:class:`hkeid.ports.DataKeyVault`), apart from the data (law 4)."""

from typing import TYPE_CHECKING, Any

from hkeid.adapters.vault.memory import MemoryVault

if TYPE_CHECKING:
    from hkeid.adapters.vault.sql import SqlVault

__all__ = ["MemoryVault", "SqlVault"]


def __getattr__(name: str) -> Any:
    """``SqlVault`` on first use: it needs the ``sql`` extra."""
    if name == "SqlVault":
        from hkeid.adapters.vault.sql import SqlVault

        return SqlVault
    raise AttributeError(name)
