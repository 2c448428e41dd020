"""What the drivers' errors mean in hkeid's tree.

The words of a driver may quote values of a statement, so only its class and code go into a detail.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from hkeid.kernel.errors import ConfigurationError, HkeidError, MalformedInput, Refused, Unavailable

_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: "store_busy",
    sqlite3.SQLITE_LOCKED: "store_busy",
    sqlite3.SQLITE_INTERRUPT: "store_timeout",
    sqlite3.SQLITE_FULL: "store_full",
    sqlite3.SQLITE_IOERR: "store_unreachable",
    sqlite3.SQLITE_CANTOPEN: "store_unreachable",
    sqlite3.SQLITE_NOTADB: "store_damaged",
    sqlite3.SQLITE_CORRUPT: "store_damaged",
    sqlite3.SQLITE_PROTOCOL: "store_busy",
}


def of_sqlite(error: Exception) -> HkeidError | None:
    """What an error of :mod:`sqlite3` means, or None for a mistake in a statement."""
    extended: int = getattr(error, "sqlite_errorcode", 0)
    code = extended & 0xFF
    detail = getattr(error, "sqlite_errorname", type(error).__name__)
    if code == sqlite3.SQLITE_CONSTRAINT:
        return Refused(_constraint(detail), detail=detail)
    if code == sqlite3.SQLITE_READONLY:
        return Refused("store_read_only", detail=detail)
    if code == sqlite3.SQLITE_TOOBIG:
        return MalformedInput("value_not_storable", detail=detail)
    if code == sqlite3.SQLITE_ERROR and "no such table" in str(error):
        return ConfigurationError("schema_not_current", detail="tables are missing")
    reason = _SQLITE.get(code)
    return None if reason is None else Unavailable(reason, detail=detail)


def _constraint(name: str) -> str:
    if name == "SQLITE_CONSTRAINT_FOREIGNKEY":
        return "record_without_owner"
    if name in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"):
        return "record_exists"
    return "record_not_storable"


_STATES: Final = {
    "23503": Refused("record_without_owner"),
    "23505": Refused("record_exists"),
    "25006": Refused("store_read_only"),
    "25P02": Unavailable("store_transaction_failed"),
    "25P03": Unavailable("store_timeout"),
    "40001": Unavailable("store_conflict"),
    "40P01": Unavailable("store_deadlock"),
    "42P01": ConfigurationError("schema_not_current"),
    "55P03": Unavailable("store_busy"),
    "57014": Unavailable("store_timeout"),
}
_CLASSES: Final = {
    "08": Unavailable("store_unreachable"),
    "23": Refused("record_not_storable"),
    "28": ConfigurationError("store_access_denied"),
    "3D": ConfigurationError("store_unknown"),
    "53": Unavailable("store_full"),
    "57": Unavailable("store_unreachable"),
    "58": Unavailable("store_unreachable"),
}


def of_postgresql(error: Exception) -> HkeidError | None:
    """What an error of psycopg means, or None for a mistake in a statement."""
    import psycopg

    state: str | None = getattr(error, "sqlstate", None)
    detail = f"{type(error).__name__} {state or ''}".strip()
    if state is not None:
        found = _STATES.get(state) or _CLASSES.get(state[:2])
        if found is not None:
            return type(found)(found.reason, detail=detail)
    if isinstance(error, psycopg.DataError):
        # Of the driver, before anything was sent (a text with NUL), or of the server (out of range).
        return MalformedInput("value_not_storable", detail=detail)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return Unavailable("store_unreachable", detail=detail)
    return None
