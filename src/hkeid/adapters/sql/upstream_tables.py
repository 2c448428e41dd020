"""Tables of what upstream identity providers know."""

from __future__ import annotations

from sqlalchemy import Index, Table

from hkeid.adapters.sql.tables import BYTES, INSTANT, METADATA, TEXT
from hkeid.adapters.sql.tables import column as _column
from hkeid.adapters.sql.tables import key as _key

upstream_links = Table(
    "upstream_links",
    METADATA,
    _key("provider"),
    _key("subject", BYTES, personal="upstream_subject_digest"),
    _column("resident_id", TEXT, index=True),
    _column("origin", TEXT),
    _column("linked_at", INSTANT),
    _column("used_at", INSTANT),
    sqlite_with_rowid=False,
)

upstream_sessions = Table(
    "upstream_sessions",
    METADATA,
    _key("session_id"),
    _column("provider", TEXT),
    _column("subject", BYTES, personal="upstream_subject_digest"),
    _column("upstream_session", BYTES, personal="upstream_subject_digest", nullable=True),
    _column("kept", BYTES, personal="upstream_session_kept"),
    _column("expires_at", INSTANT, index=True),
    _column("holder", BYTES, personal="upstream_subject_digest", nullable=True),
    Index("upstream_sessions_subject_idx", "provider", "subject"),
    Index("upstream_sessions_holder_idx", "provider", "holder"),
    Index("upstream_sessions_session_idx", "provider", "upstream_session"),
    sqlite_with_rowid=False,
)
