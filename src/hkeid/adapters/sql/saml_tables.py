"""Tables of the SAML identity provider."""

from __future__ import annotations

from sqlalchemy import Index, Table

from hkeid.adapters.sql.tables import INSTANT, METADATA, TEXT
from hkeid.adapters.sql.tables import column as _column
from hkeid.adapters.sql.tables import key as _key

saml_participations = Table(
    "saml_participations",
    METADATA,
    _key("session_id"),
    _key("entity_id"),
    _key("name_id"),
    _column("session_index", TEXT),
    _column("name_id_format", TEXT),
    _column("created_at", INSTANT),
    _column("expires_at", INSTANT, index=True),
    Index("saml_participations_name_idx", "entity_id", "name_id", "created_at"),
    sqlite_with_rowid=False,
)
"""Services that were told of a session; ``name_id`` is a pseudonym."""
