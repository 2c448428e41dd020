"""Consent to one sending of a form.

Expand: a new column that may be empty. Decisions of earlier releases are about logins or stand.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("consents", sa.Column("once", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Back. Decisions about one sending go: read as standing ones, they would permit what nobody agreed
    to.
    """
    op.execute("DELETE FROM consents WHERE once")
    with op.batch_alter_table("consents") as batch:
        batch.drop_column("once")
