"""What an upstream says about a session: when it ends, and to whom it may be told.

Expand: two new columns that may be empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("sessions", sa.Column("ends_at", sa.BigInteger(), nullable=True))
    op.add_column("sessions", sa.Column("proxying", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Back: sessions that an upstream limits go on as others do."""
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_column("proxying")
        sessions.drop_column("ends_at")
