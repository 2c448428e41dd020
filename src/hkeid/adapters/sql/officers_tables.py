"""The tables of officers and of their reviews; see :mod:`hkeid.adapters.sql.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Table

from hkeid.adapters.sql.tables import (
    BYTES,
    INSTANT,
    JSON_BYTES,
    METADATA,
    TEXT,
)
from hkeid.adapters.sql.tables import (
    _column as column,
)
from hkeid.adapters.sql.tables import (
    _key as key,
)

officers = Table(
    "officers",
    METADATA,
    key("id"),
    column("user_handle", BYTES, unique=True),
    column("name", BYTES, personal="officer_name"),
    column("own_number", BYTES, nullable=True, personal="officer_number_digest"),
    column("roles", JSON_BYTES),
    column("status", TEXT),
    column("created_at", INSTANT),
    column("updated_at", INSTANT),
    column("version", BigInteger()),
    sqlite_with_rowid=False,
)

officer_credentials = Table(
    "officer_credentials",
    METADATA,
    key("id", BYTES),
    column("officer_id", TEXT, index=True),
    column("public_key", BYTES),
    column("algorithm", BigInteger()),
    column("sign_count", BigInteger()),
    column("backup_eligible", Boolean()),
    column("backed_up", Boolean()),
    column("aaguid", TEXT),
    column("transports", JSON_BYTES),
    column("attestation_format", TEXT),
    column("attestation", TEXT),
    column("rp_id", TEXT),
    column("evidence", BYTES),
    column("status", TEXT),
    column("created_at", INSTANT),
    column("last_used_at", INSTANT, nullable=True),
    column("revoked_at", INSTANT, nullable=True),
)

officer_sessions = Table(
    "officer_sessions",
    METADATA,
    key("id"),
    column("digest", BYTES, unique=True),
    column("browser", BYTES),
    column("officer_id", TEXT, index=True),
    column("credential_id", BYTES),
    column("authenticated_at", INSTANT),
    column("stepped_up_at", INSTANT),
    column("expires_at", INSTANT, index=True),
    column("ended_at", INSTANT, nullable=True),
    sqlite_with_rowid=False,
)

record_accesses = Table(
    "record_accesses",
    METADATA,
    key("id"),
    column("at", INSTANT, index=True),
    column("officer_id", TEXT),
    column("role", TEXT),
    column("permission", TEXT),
    column("reason", TEXT),
    column("resident_id", TEXT, nullable=True, personal="officer_access"),
    column("case_id", TEXT, nullable=True),
    column("note", BYTES, personal="access_note"),
    Index("record_accesses_resident_at_idx", "resident_id", "at"),
    Index("record_accesses_case_at_idx", "case_id", "at"),
    sqlite_with_rowid=False,
)

review_leases = Table(
    "review_leases",
    METADATA,
    key("case_id"),
    column("id", TEXT),
    column("officer_id", TEXT),
    column("expires_at", INSTANT, index=True),
    sqlite_with_rowid=False,
)

review_votes = Table(
    "review_votes",
    METADATA,
    key("case_id"),
    key("officer_id"),
    column("accept", Boolean()),
    column("reason", TEXT),
    column("settles", Boolean()),
    column("at", INSTANT),
    sqlite_with_rowid=False,
)

review_decisions = Table(
    "review_decisions",
    METADATA,
    key("case_id"),
    column("accept", Boolean()),
    column("reason", TEXT),
    column("officers", JSON_BYTES),
    column("risks", JSON_BYTES),
    column("waited", BigInteger()),
    column("decided_at", INSTANT, index=True),
    column("attempt_until", INSTANT),
    column("carried_out_at", INSTANT, nullable=True, index=True),
    sqlite_with_rowid=False,
)
