"""Registrations and ciphertext of their evidence.

Expand: two new tables, nothing else changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Text compares by code point on both engines.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "registrations",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("step", TEXT, nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("statement", TEXT, nullable=False),
        sa.Column("tries", sa.LargeBinary(), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=True),
        sa.Column("findings", sa.LargeBinary(), nullable=False),
        sa.Column("decision", sa.LargeBinary(), nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("number_digest", sa.LargeBinary(), nullable=True),
        sa.Column("resident_id", TEXT, nullable=True),
        sa.Column("user_handle", sa.LargeBinary(), nullable=True),
        sa.Column("pending", sa.LargeBinary(), nullable=True),
        sa.Column("evidence_open", sa.Boolean(), nullable=False),
        sa.Column("evidence_digest", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("purge_after", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="registrations_pkey"),
        sa.UniqueConstraint("reference", name="registrations_reference_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("registrations_browser_idx", "registrations", ["browser"])
    op.create_index("registrations_purge_after_idx", "registrations", ["purge_after"])
    op.create_index("registrations_step_idx", "registrations", ["step", "created_at"])
    op.create_index("registrations_number_idx", "registrations", ["number_digest"])
    op.create_table(
        "evidence_items",
        sa.Column("session_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "name", name="evidence_items_pkey"),
    )


def downgrade() -> None:
    """Back: registrations that are under way end."""
    op.drop_table("evidence_items")
    op.drop_table("registrations")
