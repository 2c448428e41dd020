"""Tables of what is to be told: notices to residents, logout notices to relying parties."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Table

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

notice_choices = Table(
    "notice_choices",
    METADATA,
    _key("resident_id"),
    _key("topic"),
    _key("channel"),
    _column("wanted", Boolean()),
    sqlite_with_rowid=False,
)
"""What a resident chose otherwise than is the case at first."""

logout_notices = Table(
    "logout_notices",
    METADATA,
    _key("session_id"),
    _key("client_id"),
    _column("subject", TEXT),
    _column("ended_at", INSTANT, index=True),
    _column("next_at", INSTANT),
    _column("attempts", BigInteger()),
    Index("logout_notices_client_next_idx", "client_id", "next_at"),
    sqlite_with_rowid=False,
)
