"""Notices that are due, and the cooling period after a recovery.

Expand: one new table, one new column that may be empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Text compares by code point on both engines.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "notices",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("resident_id", TEXT, nullable=False),
        sa.Column("about", TEXT, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="notices_pkey"),
        sqlite_with_rowid=False,
    )
    op.add_column("residents", sa.Column("cooling_until", sa.BigInteger(), nullable=True))
    op.create_index("notices_due_at_idx", "notices", ["due_at"])
    op.create_index("notices_resident_due_idx", "notices", ["resident_id", "due_at"])
    op.create_index("notices_done_next_idx", "notices", ["done_at", "next_at"])


def downgrade() -> None:
    """Back: what was not sent yet is not sent, and cooling periods end."""
    with op.batch_alter_table("residents") as residents:
        residents.drop_column("cooling_until")
    op.drop_table("notices")
