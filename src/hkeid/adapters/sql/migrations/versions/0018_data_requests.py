"""Data access and correction requests, orders to erase; registrations are found by resident.

Expand: a new table and a new index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "data_requests",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("resident_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("fields", sa.LargeBinary(), nullable=False),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("ground", TEXT, nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("reminder", TEXT, nullable=False),
        sa.Column("open_kind", TEXT, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("data_requests_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("data_requests_closed_at_idx"), "data_requests", ["closed_at"])
    op.create_index("data_requests_resident_idx", "data_requests", ["resident_id", "received_at"])
    op.create_index("data_requests_waiting_idx", "data_requests", ["state", "due_at"])
    op.create_index(
        "data_requests_open_idx", "data_requests", ["resident_id", "open_kind"], unique=True
    )
    op.create_index("registrations_resident_idx", "registrations", ["resident_id"])


def downgrade() -> None:
    """Back. The log of refusals is lost (Cap. 486 s.27): export it first."""
    op.drop_index("registrations_resident_idx", "registrations")
    op.drop_table("data_requests")
