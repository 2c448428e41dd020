"""Keys of proofing sessions.

Expand: a new table beside the residents' data keys.
"""

import sqlalchemy as sa
from alembic import op

revision = "vault_0002"
down_revision = "vault_0001"
branch_labels = None
depends_on = None

# Text compares by code point on both engines.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "evidence_keys",
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(wrapped IS NULL) <> (destroyed_at IS NULL)",
            name="evidence_keys_key_or_destroyed_check",
        ),
        sa.PrimaryKeyConstraint("session_id", name="evidence_keys_pkey"),
    )
    op.create_index("evidence_keys_expires_at_idx", "evidence_keys", ["expires_at"])


def downgrade() -> None:
    """Back: evidence of sessions under way cannot be read any more."""
    op.drop_table("evidence_keys")
