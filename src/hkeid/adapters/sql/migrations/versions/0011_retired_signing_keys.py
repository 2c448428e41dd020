"""Why residents' signing keys went out of use, and which of them are not done with.

Expand: a new column that may be empty, and an index by which keys are found whose certificates are still to be
taken back.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.add_column("signing_keys", sa.Column("reason", TEXT, nullable=True))
    op.create_index("signing_keys_state_idx", "signing_keys", ["state", "id"])


def downgrade() -> None:
    """Back: keys whose certificates were not taken back yet count as revoked."""
    op.execute("UPDATE signing_keys SET state = 'revoked' WHERE state = 'retired'")
    op.drop_index("signing_keys_state_idx", "signing_keys")
    with op.batch_alter_table("signing_keys") as keys:
        keys.drop_column("reason")
