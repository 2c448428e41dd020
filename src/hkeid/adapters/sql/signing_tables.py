"""Tables of signing: residents' signing keys, and what is kept of each use."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Table

from hkeid.adapters.sql.tables import BYTES, INSTANT, JSON_BYTES, METADATA, TEXT
from hkeid.adapters.sql.tables import column as _column
from hkeid.adapters.sql.tables import key as _key

signing_keys = Table(
    "signing_keys",
    METADATA,
    _key("id"),
    _column("resident_id", TEXT),
    _column("kind", TEXT),
    _column("handle", BYTES),
    _column("public_key", BYTES),
    _column("certificates", JSON_BYTES),
    _column("state", TEXT),
    _column("created_at", INSTANT),
    _column("revoked_at", INSTANT, nullable=True),
    _column("version", BigInteger()),
    Index("signing_keys_resident_idx", "resident_id", "created_at"),
)

made_signatures = Table(
    "made_signatures",
    METADATA,
    _key("id"),
    _column("resident_id", TEXT),
    _column("client_id", TEXT),
    _column("key_id", TEXT),
    _column("documents", BigInteger()),
    _column("evidence", BYTES),
    _column("made_at", INSTANT),
    Index("made_signatures_resident_idx", "resident_id", "made_at"),
)
