"""Tables of stations and of upgrades by chip. What a card said is never here: it is in the vault of
evidence until the decision, and nowhere after.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Table

from hkeid.adapters.sql.tables import BYTES, INSTANT, JSON_BYTES, METADATA, TEXT
from hkeid.adapters.sql.tables import column as _column
from hkeid.adapters.sql.tables import key as _key

stations = Table(
    "stations",
    METADATA,
    _key("id"),
    _column("name", TEXT),
    _column("mode", TEXT),
    _column("status", TEXT),
    _column("fingerprint", BYTES, nullable=True, unique=True),
    _column("public_key", BYTES),
    _column("certificate_ends", INSTANT, nullable=True),
    _column("sequence", BigInteger()),
    _column("officer", TEXT, nullable=True),
    _column("officer_session", TEXT, nullable=True),
    _column("officer_until", INSTANT, nullable=True),
    _column("created_at", INSTANT),
    _column("updated_at", INSTANT),
    _column("last_seen_at", INSTANT, nullable=True),
    _column("version", BigInteger()),
    sqlite_with_rowid=False,
)

upgrades = Table(
    "upgrades",
    METADATA,
    _key("id"),
    _column("receipt", TEXT),
    _column("step", TEXT),
    _column("number", BYTES, nullable=True, unique=True),
    _column("round", BigInteger()),
    _column("number_ends", INSTANT, nullable=True),
    _column("resident_id", TEXT, nullable=True, index=True),
    _column("station_id", TEXT, nullable=True, index=True),
    _column("channel", TEXT, nullable=True),
    _column("officer", TEXT, nullable=True),
    _column("registers", Boolean()),
    _column("nonce", BYTES),
    _column("evidence", BYTES, nullable=True),
    _column("facts", JSON_BYTES),
    _column("reason", TEXT, nullable=True),
    _column("created_at", INSTANT),
    _column("claimed_at", INSTANT, nullable=True),
    _column("updated_at", INSTANT),
    _column("expires_at", INSTANT, index=True),
    _column("version", BigInteger()),
    Index("upgrades_step_created_at_idx", "step", "created_at"),
    sqlite_with_rowid=False,
)
