"""Tables of an eID's life: notices that are due."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Table

from hkeid.adapters.sql.tables import INSTANT, JSON_BYTES, METADATA, TEXT
from hkeid.adapters.sql.tables import column as _column
from hkeid.adapters.sql.tables import key as _key

notices = Table(
    "notices",
    METADATA,
    _key("id"),
    _column("resident_id", TEXT),
    _column("about", TEXT),
    _column("due_at", INSTANT, index=True),
    _column("next_at", INSTANT),
    _column("attempts", BigInteger()),
    _column("told", JSON_BYTES),
    _column("done_at", INSTANT, nullable=True),
    _column("outcome", TEXT, nullable=True),
    Index("notices_resident_due_idx", "resident_id", "due_at"),
    Index("notices_done_next_idx", "done_at", "next_at"),
    sqlite_with_rowid=False,
)
