"""The table of data access and correction requests, and of orders to erase."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Table

from hkeid.adapters.sql.tables import BYTES, INSTANT, JSON_BYTES, METADATA, TEXT
from hkeid.adapters.sql.tables import column as _column
from hkeid.adapters.sql.tables import key as _key

data_requests = Table(
    "data_requests",
    METADATA,
    _key("id"),
    _column("resident_id", TEXT, personal="data_request"),
    _column("kind", TEXT, personal="data_request"),
    _column("fields", JSON_BYTES, personal="data_request"),
    _column("asked", BYTES, personal="data_request_words"),
    _column("language", TEXT, personal="data_request"),
    _column("received_at", INSTANT),
    _column("due_at", INSTANT),
    _column("state", TEXT, personal="data_request"),
    _column("ground", TEXT, nullable=True, personal="data_request"),
    _column("answer", BYTES, personal="data_request_words"),
    _column("closed_at", INSTANT, nullable=True, index=True),
    _column("reminder", TEXT),
    _column("open_kind", TEXT, nullable=True),
    _column("version", BigInteger()),
    Index("data_requests_resident_idx", "resident_id", "received_at"),
    Index("data_requests_waiting_idx", "state", "due_at"),
    Index("data_requests_open_idx", "resident_id", "open_kind", unique=True),
    sqlite_with_rowid=False,
)
"""``open_kind`` is ``kind`` while a request waits, and NULL afterwards: so the database itself lets one of
each kind of a resident wait.
"""
