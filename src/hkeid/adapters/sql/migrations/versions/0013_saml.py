"""Services that were told of a session by SAML.

Expand: one new table; nothing else changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "saml_participations",
        sa.Column("session_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("entity_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("name_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("session_index", TEXT, nullable=False),
        sa.Column("name_id_format", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "session_id", "entity_id", "name_id", name=op.f("saml_participations_pkey")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("saml_participations_expires_at_idx"), "saml_participations", ["expires_at"]
    )
    op.create_index(
        "saml_participations_name_idx",
        "saml_participations",
        ["entity_id", "name_id", "created_at"],
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("saml_participations")
