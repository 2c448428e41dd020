"""The first tables.

Expand: there was nothing before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Text compares by code point on both engines.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forwards."""
    _create_single_use_things()
    _create_registry()
    _create_provider()
    _create_sessions_and_profile()
    _create_audit()
    _create_state()


def downgrade() -> None:
    """Back: everything goes."""
    for table in (
        "access_tokens",
        "single_use",
        "attempt_budgets",
        "residents",
        "credentials",
        "sealed_fields",
        "blind_index",
        "clients",
        "grants",
        "sessions",
        "consents",
        "disclosures",
        "audit_writers",
        "audit_records",
        "audit_checkpoints",
        "store_state",
    ):
        op.drop_table(table)


def _create_single_use_things() -> None:
    op.create_table(
        "single_use",
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("family", TEXT, nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "digest", name=op.f("single_use_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("single_use_expires_at_idx"), "single_use", ["expires_at"], unique=False)
    op.create_index("single_use_family_idx", "single_use", ["family"], unique=False)
    op.create_table(
        "attempt_budgets",
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("subject", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("window_ends_at", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("attempt_budgets_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("attempt_budgets_window_ends_at_idx"),
        "attempt_budgets",
        ["window_ends_at"],
        unique=False,
    )


def _create_registry() -> None:
    op.create_table(
        "residents",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("user_handle", sa.LargeBinary(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("proofed", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("residents_pkey")),
        sa.UniqueConstraint("user_handle", name=op.f("residents_user_handle_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "credentials",
        sa.Column("id", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("resident_id", TEXT, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("algorithm", sa.BigInteger(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("aaguid", TEXT, nullable=False),
        sa.Column("transports", sa.LargeBinary(), nullable=False),
        sa.Column("attestation_format", TEXT, nullable=False),
        sa.Column("attestation", TEXT, nullable=False),
        sa.Column("rp_id", TEXT, nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("credentials_pkey")),
    )
    op.create_index(
        op.f("credentials_resident_id_idx"), "credentials", ["resident_id"], unique=False
    )
    op.create_table(
        "sealed_fields",
        sa.Column("resident_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("field", TEXT, autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resident_id", "field", name=op.f("sealed_fields_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "blind_index",
        sa.Column("index_name", TEXT, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("resident_id", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("index_name", "digest", name=op.f("blind_index_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("blind_index_resident_id_idx"), "blind_index", ["resident_id"], unique=False
    )


def _create_provider() -> None:
    op.create_table(
        "clients",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=True),
        sa.Column("registration", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("clients_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "grants",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("resident_id", TEXT, nullable=False),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("scopes", sa.LargeBinary(), nullable=False),
        sa.Column("claims", sa.LargeBinary(), nullable=False),
        sa.Column("acr", TEXT, nullable=False),
        sa.Column("amr", sa.LargeBinary(), nullable=False),
        sa.Column("authenticated_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("grants_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("grants_expires_at_idx"), "grants", ["expires_at"], unique=False)
    op.create_index(op.f("grants_resident_id_idx"), "grants", ["resident_id"], unique=False)
    op.create_index(op.f("grants_session_id_idx"), "grants", ["session_id"], unique=False)
    op.create_table(
        "access_tokens",
        sa.Column("digest", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("grant_id", TEXT, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("scopes", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["grants.id"],
            name=op.f("access_tokens_grant_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("access_tokens_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("access_tokens_expires_at_idx"), "access_tokens", ["expires_at"], unique=False
    )
    op.create_index(op.f("access_tokens_grant_id_idx"), "access_tokens", ["grant_id"], unique=False)


def _create_sessions_and_profile() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("resident_id", TEXT, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=True),
        sa.Column("acr", TEXT, nullable=False),
        sa.Column("amr", sa.LargeBinary(), nullable=False),
        sa.Column("authenticated_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("agent", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("sessions_pkey")),
        sa.UniqueConstraint("digest", name=op.f("sessions_digest_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("sessions_expires_at_idx"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("sessions_resident_id_idx"), "sessions", ["resident_id"], unique=False)
    op.create_table(
        "consents",
        sa.Column("position", POSITION, autoincrement=True, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("resident_id", TEXT, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("claim", TEXT, nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("statement", TEXT, nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("consents_pkey")),
        sa.UniqueConstraint("id", name=op.f("consents_id_key")),
    )
    op.create_index(
        "consents_resident_client_idx", "consents", ["resident_id", "client_id"], unique=False
    )
    op.create_table(
        "disclosures",
        sa.Column("position", POSITION, autoincrement=True, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("resident_id", TEXT, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("claims", sa.LargeBinary(), nullable=False),
        sa.Column("disclosed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("disclosures_pkey")),
        sa.UniqueConstraint("id", name=op.f("disclosures_id_key")),
    )
    op.create_index(
        "disclosures_resident_disclosed_idx",
        "disclosures",
        ["resident_id", "disclosed_at"],
        unique=False,
    )


def _create_audit() -> None:
    op.create_table(
        "audit_writers",
        sa.Column("writer", TEXT, autoincrement=False, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("writer", name=op.f("audit_writers_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_records",
        sa.Column("writer", TEXT, autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("writer", "sequence", name=op.f("audit_records_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("audit_checkpoints_pkey")),
    )


def _create_state() -> None:
    op.create_table(
        "store_state",
        sa.Column("name", TEXT, autoincrement=False, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("store_state_pkey")),
    )
