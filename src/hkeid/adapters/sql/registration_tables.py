"""Tables of registration: where each case stands, and ciphertext of its evidence.

The keys to the evidence are in the vault's database (``evidence_keys``), one for each session.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Index, Table

from hkeid.adapters.sql.tables import BYTES, INSTANT, JSON_BYTES, METADATA, TEXT
from hkeid.adapters.sql.tables import column as _column
from hkeid.adapters.sql.tables import key as _key

registrations = Table(
    "registrations",
    METADATA,
    _key("id"),
    _column("reference", TEXT, unique=True),
    _column("purpose", TEXT),
    _column("step", TEXT),
    _column("browser", BYTES, index=True),
    _column("language", TEXT),
    _column("statement", TEXT),
    _column("tries", JSON_BYTES),
    _column("challenge", BYTES, nullable=True),
    _column("findings", JSON_BYTES),
    _column("decision", JSON_BYTES),
    _column("reason", TEXT, nullable=True),
    _column("number_digest", BYTES, personal="registration_number_digest", nullable=True),
    _column("resident_id", TEXT, nullable=True),
    _column("user_handle", BYTES, nullable=True),
    _column("pending", JSON_BYTES, nullable=True),
    _column("evidence_open", Boolean()),
    _column("evidence_digest", BYTES, nullable=True),
    _column("created_at", INSTANT),
    _column("updated_at", INSTANT),
    _column("decided_at", INSTANT, nullable=True),
    _column("expires_at", INSTANT),
    _column("purge_after", INSTANT, nullable=True, index=True),
    _column("version", BigInteger()),
    _column("network", BYTES, personal="registration_network_digest", nullable=True),
    _column("site", BYTES, personal="registration_network_digest", nullable=True),
    _column("provider", BYTES, personal="registration_network_digest", nullable=True),
    _column("faces", BigInteger(), server_default="0"),
    Index("registrations_step_idx", "step", "created_at"),
    Index("registrations_open_idx", "step", "expires_at"),
    Index("registrations_network_idx", "network", "step", "expires_at"),
    Index("registrations_site_idx", "site", "step", "expires_at"),
    Index("registrations_provider_idx", "provider", "step", "expires_at"),
    Index("registrations_number_idx", "number_digest"),
    Index("registrations_resident_idx", "resident_id"),
    sqlite_with_rowid=False,
)

evidence_items = Table(
    "evidence_items",
    METADATA,
    _key("session_id"),
    _key("name"),
    _column("sealed", BYTES, personal="registration_evidence"),
)
