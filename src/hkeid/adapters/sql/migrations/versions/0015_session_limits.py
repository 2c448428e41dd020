"""What an upstream says about a session: when it ends, to whom it may be told, whom it names to end it.

Expand: three new columns that may be empty, with an index.
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
    op.add_column("upstream_sessions", sa.Column("holder", sa.LargeBinary(), nullable=True))
    op.create_index("upstream_sessions_holder_idx", "upstream_sessions", ["provider", "holder"])


def downgrade() -> None:
    """Back: sessions that an upstream limits go on as others do."""
    op.drop_index("upstream_sessions_holder_idx", "upstream_sessions")
    with op.batch_alter_table("upstream_sessions") as upstream_sessions:
        upstream_sessions.drop_column("holder")
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_column("proxying")
        sessions.drop_column("ends_at")
