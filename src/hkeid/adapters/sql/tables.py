"""The tables of the data store, for SQLite and PostgreSQL alike.

Instants are whole microseconds since 1970, structured values canonical JSON bytes, secrets and
tokens SHA-256 digests or MACs. Every column declares whether it holds personal data: None, or the
name of the field in the registry of personal fields (law 4); what is personal is sealed before it
comes here. Text compares by code point on both engines (collation ``C``), so that "in order of id"
means one thing.

Between the tables of different rooms there are no foreign keys: each room adds and purges its own
records in its own order. An access token is part of its grant and goes with it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)
"""All tables of the data store; ``column.info["personal"]`` is declared on every column."""

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
BYTES = LargeBinary()
INSTANT = BigInteger()
JSON_BYTES = LargeBinary()
POSITION = BigInteger().with_variant(Integer(), "sqlite")


def column(
    name: str,
    kind: Any,
    *more: Any,
    personal: str | None = None,
    nullable: bool = False,
    **rest: Any,
) -> Column[Any]:
    """A column that declares whether it holds personal data."""
    return Column(name, kind, *more, nullable=nullable, info={"personal": personal}, **rest)


def key(name: str, kind: Any = TEXT, *, personal: str | None = None) -> Column[Any]:
    """A column of the primary key."""
    return column(name, kind, personal=personal, primary_key=True, autoincrement=False)


_column, _key = column, key

single_use = Table(
    "single_use",
    METADATA,
    _key("kind"),
    _key("digest", BYTES),
    _column("family", TEXT, nullable=True),
    _column("payload", JSON_BYTES, personal="form_submission"),
    _column("created_at", INSTANT),
    _column("expires_at", INSTANT, index=True),
    _column("used_at", INSTANT, nullable=True),
    _column("result", BYTES, nullable=True),
    _column("revoked_at", INSTANT, nullable=True),
    Index("single_use_family_idx", "family"),
    sqlite_with_rowid=False,
)

attempt_budgets = Table(
    "attempt_budgets",
    METADATA,
    _key("kind"),
    _key("subject", BYTES),
    _column("window_ends_at", INSTANT, index=True),
    _column("spent", BigInteger()),
    sqlite_with_rowid=False,
)

residents = Table(
    "residents",
    METADATA,
    _key("id"),
    _column("user_handle", BYTES, unique=True),
    _column("state", TEXT),
    _column("proofed", TEXT),
    _column("created_at", INSTANT),
    _column("updated_at", INSTANT),
    _column("version", BigInteger()),
    _column("cooling_until", INSTANT, nullable=True),
    # For proofs about those erased long ago.
    Index("residents_state_updated_at_idx", "state", "updated_at"),
    sqlite_with_rowid=False,
)

credentials = Table(
    "credentials",
    METADATA,
    _key("id", BYTES),
    _column("resident_id", TEXT, index=True),
    _column("public_key", BYTES),
    _column("algorithm", BigInteger()),
    _column("sign_count", BigInteger()),
    _column("backup_eligible", Boolean()),
    _column("backed_up", Boolean()),
    _column("aaguid", TEXT),
    _column("transports", JSON_BYTES),
    _column("attestation_format", TEXT),
    _column("attestation", TEXT),
    _column("rp_id", TEXT),
    _column("evidence", BYTES),
    _column("label", BYTES, personal="device_label"),
    _column("status", TEXT),
    _column("created_at", INSTANT),
    _column("last_used_at", INSTANT, nullable=True),
    _column("revoked_at", INSTANT, nullable=True),
)

sealed_fields = Table(
    "sealed_fields",
    METADATA,
    _key("resident_id"),
    _key("field"),
    # One column for all of them: its ``field`` is the name in the registry.
    _column("sealed", BYTES, personal="*"),
    _column("updated_at", INSTANT),
    sqlite_with_rowid=False,
)

blind_index = Table(
    "blind_index",
    METADATA,
    _key("index_name"),
    _key("digest", BYTES, personal="hkic_number_digest"),
    _column("resident_id", TEXT, index=True),
    sqlite_with_rowid=False,
)

sessions = Table(
    "sessions",
    METADATA,
    _key("id"),
    _column("digest", BYTES, unique=True),
    _column("resident_id", TEXT, index=True),
    _column("credential_id", BYTES, nullable=True),
    _column("acr", TEXT),
    _column("amr", JSON_BYTES),
    _column("authenticated_at", INSTANT),
    _column("created_at", INSTANT),
    _column("expires_at", INSTANT, index=True),
    _column("ended_at", INSTANT, nullable=True),
    _column("agent", BYTES, personal="session_agent"),
    _column("ends_at", INSTANT, nullable=True),
    _column("proxying", JSON_BYTES, nullable=True),
    sqlite_with_rowid=False,
)

clients = Table(
    "clients",
    METADATA,
    _key("id"),
    _column("enabled", Boolean()),
    _column("secret_digest", BYTES, nullable=True),
    _column("registration", JSON_BYTES),
    sqlite_with_rowid=False,
)

grants = Table(
    "grants",
    METADATA,
    _key("id"),
    _column("client_id", TEXT),
    _column("resident_id", TEXT, index=True),
    _column("session_id", TEXT, index=True),
    _column("subject", TEXT),
    _column("scopes", JSON_BYTES),
    _column("claims", JSON_BYTES),
    _column("acr", TEXT),
    _column("amr", JSON_BYTES),
    _column("authenticated_at", INSTANT),
    _column("created_at", INSTANT),
    _column("expires_at", INSTANT, index=True),
    _column("revoked_at", INSTANT, nullable=True),
    sqlite_with_rowid=False,
)

access_tokens = Table(
    "access_tokens",
    METADATA,
    _key("digest", BYTES),
    _column("grant_id", TEXT, ForeignKey("grants.id", ondelete="CASCADE"), index=True),
    _column("client_id", TEXT),
    _column("scopes", JSON_BYTES),
    _column("created_at", INSTANT),
    _column("expires_at", INSTANT, index=True),
    sqlite_with_rowid=False,
)

consents = Table(
    "consents",
    METADATA,
    _column("position", POSITION, primary_key=True, autoincrement=True),
    _column("id", TEXT, unique=True),
    _column("resident_id", TEXT),
    _column("client_id", TEXT),
    _column("purpose", TEXT, nullable=True, personal="service_use"),
    _column("claim", TEXT, personal="service_use"),
    _column("agreed", Boolean(), personal="service_use"),
    _column("statement", TEXT),
    _column("language", TEXT, personal="service_use"),
    _column("decided_at", INSTANT),
    _column("expires_at", INSTANT, nullable=True, personal="service_use"),
    _column("evidence", JSON_BYTES, nullable=True, personal="service_use"),
    _column("once", Boolean(), nullable=True, personal="service_use"),
    Index("consents_resident_client_idx", "resident_id", "client_id"),
)

consent_statements = Table(
    "consent_statements",
    METADATA,
    _key("version"),
    _column("document", JSON_BYTES),
    sqlite_with_rowid=False,
)

disclosures = Table(
    "disclosures",
    METADATA,
    _column("position", POSITION, primary_key=True, autoincrement=True),
    _column("id", TEXT, unique=True),
    _column("resident_id", TEXT),
    _column("client_id", TEXT),
    _column("purpose", TEXT, nullable=True, personal="service_use"),
    _column("claims", JSON_BYTES, personal="service_use"),
    _column("disclosed_at", INSTANT),
    _column("decisions", JSON_BYTES, nullable=True, personal="service_use"),
    _column("digests", JSON_BYTES, nullable=True, personal="service_use"),
    _column("salt", BYTES, nullable=True, personal="disclosure_salt"),
    Index("disclosures_resident_disclosed_idx", "resident_id", "disclosed_at"),
)

guardian_approvals = Table(
    "guardian_approvals",
    METADATA,
    _key("id"),
    _column("resident_id", TEXT, index=True, personal="guardianship"),
    _column("guardian_id", TEXT, personal="guardianship"),
    _column("registration", TEXT),
    _column("approved_at", INSTANT, personal="guardianship"),
    sqlite_with_rowid=False,
)

audit_writers = Table(
    "audit_writers",
    METADATA,
    _key("writer"),
    _column("opened_at", INSTANT),
    sqlite_with_rowid=False,
)

audit_records = Table(
    "audit_records",
    METADATA,
    _key("writer"),
    _key("sequence", BigInteger()),
    _column("at", INSTANT, index=True),
    _column("name", TEXT),
    _column("body", JSON_BYTES),
    _column("previous", BYTES),
    _column("mac", BYTES),
    sqlite_with_rowid=False,
)

audit_checkpoints = Table(
    "audit_checkpoints",
    METADATA,
    _key("number", BigInteger()),
    _column("at", INSTANT),
    _column("signed", BYTES),
)

store_state = Table(
    "store_state",
    METADATA,
    _key("name"),
    _column("value", TEXT),
)
"""What keeps the store from serving, such as a restore that is not finished."""
