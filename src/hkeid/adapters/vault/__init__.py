"""Where wrapped data keys live, apart from the data (law 4).

:class:`SqlVault` needs the extra ``sql``; it is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hkeid.adapters.vault.memory import MemoryVault

if TYPE_CHECKING:
    from hkeid.adapters.vault.sql import SqlVault, downgrade, upgrade


def __getattr__(name: str) -> Any:
    if name in ("SqlVault", "downgrade", "upgrade"):
        import hkeid.adapters.sql  # noqa: F401 - says which extra is missing, where one is
        from hkeid.adapters.vault import sql

        return getattr(sql, name)
    raise AttributeError(name)


__all__ = ["MemoryVault", "SqlVault", "downgrade", "upgrade"]
