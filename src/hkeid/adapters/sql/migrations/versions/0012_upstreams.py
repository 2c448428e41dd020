"""Links to upstream identity providers, and the sessions that they opened.

Expand: two new tables; nothing else changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "upstream_links",
        sa.Column("provider", TEXT, autoincrement=False, nullable=False),
        sa.Column("subject", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("resident_id", TEXT, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "subject", name=op.f("upstream_links_pkey")),
    )
    op.create_index("upstream_links_resident_id_idx", "upstream_links", ["resident_id"])
    op.create_table(
        "upstream_sessions",
        sa.Column("session_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("provider", TEXT, nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("upstream_session", sa.LargeBinary(), nullable=True),
        sa.Column("kept", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name=op.f("upstream_sessions_pkey")),
    )
    for name, columns in (
        ("upstream_sessions_expires_at_idx", ["expires_at"]),
        ("upstream_sessions_subject_idx", ["provider", "subject"]),
        ("upstream_sessions_session_idx", ["provider", "upstream_session"]),
    ):
        op.create_index(name, "upstream_sessions", columns)


def downgrade() -> None:
    """Back."""
    op.drop_table("upstream_sessions")
    op.drop_table("upstream_links")
