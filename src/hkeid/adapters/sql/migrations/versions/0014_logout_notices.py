"""Relying parties that are to be told of logouts.

Expand: one new table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Text compares by code point on both engines.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "logout_notices",
        sa.Column("session_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("client_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "client_id", name="logout_notices_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index("logout_notices_ended_at_idx", "logout_notices", ["ended_at"])
    op.create_index("logout_notices_client_next_idx", "logout_notices", ["client_id", "next_at"])


def downgrade() -> None:
    """Back: relying parties that were not told yet are not told."""
    op.drop_table("logout_notices")
