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
    _column("reason", TEXT, nullable=True),
    _column("version", BigInteger()),
    Index("signing_keys_resident_idx", "resident_id", "created_at"),
    Index("signing_keys_state_idx", "state", "id"),
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

signature_requests = Table(
    "signature_requests",
    METADATA,
    _key("id"),
    _column("client_id", TEXT),
    _column("state", TEXT),
    _column("documents", BigInteger()),
    _column("redirect_uri", TEXT),
    _column("client_state", TEXT),
    _column("resident_id", TEXT, nullable=True),
    _column("signature_id", TEXT, nullable=True),
    _column("record", BYTES, personal="signed_documents"),
    _column("created_at", INSTANT),
    _column("expires_at", INSTANT),
    _column("decided_at", INSTANT, nullable=True),
    _column("purge_after", INSTANT, nullable=True, index=True),
    _column("version", BigInteger()),
    Index("signature_requests_client_idx", "client_id", "state", "expires_at"),
    Index("signature_requests_resident_idx", "resident_id", "decided_at"),
    Index("signature_requests_state_idx", "state", "expires_at"),
)
"""``purge_after`` is ``expires_at`` of those without a signature, and NULL for the others, which stay."""
