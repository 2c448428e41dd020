"""Which network a registration came from, as a keyed digest, while it is open.

Expand: one new column that may be empty, with its index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("registrations", sa.Column("network", sa.LargeBinary(), nullable=True))
    op.create_index("registrations_network_idx", "registrations", ["network"])


def downgrade() -> None:
    """Back: open registrations are not counted by network any more."""
    op.drop_index("registrations_network_idx", "registrations")
    with op.batch_alter_table("registrations") as registrations:
        registrations.drop_column("network")
