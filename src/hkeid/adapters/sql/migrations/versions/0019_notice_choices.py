"""Which notices a resident wants, and an index for proofs about those erased long ago.

Expand: a new table and an index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "notice_choices",
        sa.Column("resident_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("topic", TEXT, autoincrement=False, nullable=False),
        sa.Column("channel", TEXT, autoincrement=False, nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "resident_id", "topic", "channel", name=op.f("notice_choices_pkey")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("residents_state_updated_at_idx", "residents", ["state", "updated_at"])


def downgrade() -> None:
    """Back: every resident is told as at first."""
    op.drop_index("residents_state_updated_at_idx", "residents")
    op.drop_table("notice_choices")
