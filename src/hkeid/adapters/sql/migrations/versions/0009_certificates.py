"""Issued certificates, revocation lists, serial numbers of time-stamps.

Expand: three new tables; nothing else changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "issued_certificates",
        sa.Column("authority", TEXT, autoincrement=False, nullable=False),
        sa.Column("serial", TEXT, autoincrement=False, nullable=False),
        sa.Column("profile", TEXT, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("invalid_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("authority", "serial", name=op.f("issued_certificates_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "issued_certificates_reference_idx", "issued_certificates", ["reference", "issued_at"]
    )
    op.create_index(
        "issued_certificates_revoked_idx", "issued_certificates", ["authority", "revoked_at"]
    )
    op.create_table(
        "revocation_lists",
        sa.Column("authority", TEXT, autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("this_update", sa.BigInteger(), nullable=False),
        sa.Column("next_update", sa.BigInteger(), nullable=False),
        sa.Column("encoded", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "number", name=op.f("revocation_lists_pkey")),
    )
    op.create_table(
        "serial_counters",
        sa.Column("name", TEXT, autoincrement=False, nullable=False),
        sa.Column("following", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("serial_counters_pkey")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Back: which certificates there were is forgotten, and none can be revoked any more."""
    op.drop_table("serial_counters")
    op.drop_table("revocation_lists")
    op.drop_table("issued_certificates")
