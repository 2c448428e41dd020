"""Stations, and upgrades by chip.

Expand: two new tables; nothing else changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "stations",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("mode", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("certificate_ends", sa.BigInteger(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("officer", TEXT, nullable=True),
        sa.Column("officer_session", TEXT, nullable=True),
        sa.Column("officer_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("stations_pkey")),
        sa.UniqueConstraint("fingerprint", name=op.f("stations_fingerprint_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "upgrades",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("receipt", TEXT, nullable=False),
        sa.Column("step", TEXT, nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=True),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("number_ends", sa.BigInteger(), nullable=True),
        sa.Column("resident_id", TEXT, nullable=True),
        sa.Column("station_id", TEXT, nullable=True),
        sa.Column("channel", TEXT, nullable=True),
        sa.Column("officer", TEXT, nullable=True),
        sa.Column("registers", sa.Boolean(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("upgrades_pkey")),
        sa.UniqueConstraint("number", name=op.f("upgrades_number_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("upgrades_resident_id_idx"), "upgrades", ["resident_id"])
    op.create_index(op.f("upgrades_station_id_idx"), "upgrades", ["station_id"])
    op.create_index(op.f("upgrades_expires_at_idx"), "upgrades", ["expires_at"])
    op.create_index("upgrades_step_created_at_idx", "upgrades", ["step", "created_at"])


def downgrade() -> None:
    """Back: stations and upgrades go."""
    op.drop_table("upgrades")
    op.drop_table("stations")
