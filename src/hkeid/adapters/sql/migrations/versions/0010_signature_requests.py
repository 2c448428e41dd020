"""Requests of relying parties for signatures.

Expand: one new table; nothing else changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "signature_requests",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.Column("redirect_uri", TEXT, nullable=False),
        sa.Column("client_state", TEXT, nullable=False),
        sa.Column("resident_id", TEXT, nullable=True),
        sa.Column("signature_id", TEXT, nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("purge_after", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("signature_requests_pkey")),
    )
    for name, columns in (
        ("signature_requests_purge_after_idx", ["purge_after"]),
        ("signature_requests_client_idx", ["client_id", "state", "expires_at"]),
        ("signature_requests_resident_idx", ["resident_id", "decided_at"]),
        ("signature_requests_state_idx", ["state", "expires_at"]),
    ):
        op.create_index(name, "signature_requests", columns)


def downgrade() -> None:
    """Back."""
    op.drop_table("signature_requests")
