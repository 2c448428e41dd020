"""Data keys and erasures.

Expand: there was nothing before.
"""

import sqlalchemy as sa
from alembic import op

revision = "vault_0001"
down_revision = None
branch_labels = None
depends_on = None

# Text compares by code point on both engines.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "data_keys",
        sa.Column("resident_id", TEXT, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(wrapped IS NULL) <> (erased_at IS NULL)", name="data_keys_key_or_erasure_check"
        ),
        sa.PrimaryKeyConstraint("resident_id", name="data_keys_pkey"),
    )
    op.create_index("data_keys_erased_at_idx", "data_keys", ["erased_at"])


def downgrade() -> None:
    """Back: every key goes."""
    op.drop_table("data_keys")
