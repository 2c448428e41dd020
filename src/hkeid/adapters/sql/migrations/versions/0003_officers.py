"""Officers, their sessions and accesses; leases, votes and decisions of reviews.

Expand: only new tables, and an index by which auditors search.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Text compares by code point on both engines.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    _create_officers()
    _create_sessions()
    _create_accesses()
    _create_reviews()
    op.create_index(op.f("audit_records_at_idx"), "audit_records", ["at"])


def downgrade() -> None:
    """Back: everything of it goes."""
    op.drop_index(op.f("audit_records_at_idx"), "audit_records")
    for table in (
        "officers",
        "officer_credentials",
        "officer_sessions",
        "record_accesses",
        "review_leases",
        "review_votes",
        "review_decisions",
    ):
        op.drop_table(table)


def _create_officers() -> None:
    op.create_table(
        "officers",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("user_handle", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("own_number", sa.LargeBinary(), nullable=True),
        sa.Column("roles", sa.LargeBinary(), nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("officers_pkey")),
        sa.UniqueConstraint("user_handle", name=op.f("officers_user_handle_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "officer_credentials",
        sa.Column("id", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("officer_id", TEXT, nullable=False),
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
        sa.Column("status", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("officer_credentials_pkey")),
    )
    op.create_index(
        op.f("officer_credentials_officer_id_idx"), "officer_credentials", ["officer_id"]
    )


def _create_sessions() -> None:
    op.create_table(
        "officer_sessions",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("officer_id", TEXT, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("authenticated_at", sa.BigInteger(), nullable=False),
        sa.Column("stepped_up_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("officer_sessions_pkey")),
        sa.UniqueConstraint("digest", name=op.f("officer_sessions_digest_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("officer_sessions_officer_id_idx"), "officer_sessions", ["officer_id"])
    op.create_index(op.f("officer_sessions_expires_at_idx"), "officer_sessions", ["expires_at"])


def _create_accesses() -> None:
    op.create_table(
        "record_accesses",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("permission", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("resident_id", TEXT, nullable=True),
        sa.Column("case_id", TEXT, nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("record_accesses_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("record_accesses_at_idx"), "record_accesses", ["at"])
    op.create_index("record_accesses_resident_at_idx", "record_accesses", ["resident_id", "at"])
    op.create_index("record_accesses_case_at_idx", "record_accesses", ["case_id", "at"])


def _create_reviews() -> None:
    op.create_table(
        "review_leases",
        sa.Column("case_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("officer_id", TEXT, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("review_leases_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("review_leases_expires_at_idx"), "review_leases", ["expires_at"])
    op.create_table(
        "review_votes",
        sa.Column("case_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("officer_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("accept", sa.Boolean(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("settles", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "officer_id", name=op.f("review_votes_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "review_decisions",
        sa.Column("case_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("accept", sa.Boolean(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("officers", sa.LargeBinary(), nullable=False),
        sa.Column("risks", sa.LargeBinary(), nullable=False),
        sa.Column("waited", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("attempt_until", sa.BigInteger(), nullable=False),
        sa.Column("carried_out_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", name=op.f("review_decisions_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("review_decisions_decided_at_idx"), "review_decisions", ["decided_at"])
    op.create_index(
        op.f("review_decisions_carried_out_at_idx"), "review_decisions", ["carried_out_at"]
    )
