"""Consent by purpose, with expiry, evidence and the texts agreed to; digests of what was
disclosed; guardians' approvals.

Expand: new columns that may be empty, and two new tables. Decisions of earlier releases are about
logins, and stay as they are.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_NEW = {
    "consents": ("purpose", "expires_at", "evidence"),
    "disclosures": ("purpose", "decisions", "digests", "salt"),
}


_KINDS: dict[str, Any] = {"purpose": TEXT, "expires_at": sa.BigInteger()}


def _column(name: str) -> "sa.Column[Any]":
    return sa.Column(name, _KINDS.get(name, sa.LargeBinary()), nullable=True)


def upgrade() -> None:
    """Forwards."""
    for table, columns in _NEW.items():
        for name in columns:
            op.add_column(table, _column(name))
    op.create_table(
        "consent_statements",
        sa.Column("version", TEXT, autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("consent_statements_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "guardian_approvals",
        sa.Column("id", TEXT, autoincrement=False, nullable=False),
        sa.Column("resident_id", TEXT, nullable=False),
        sa.Column("guardian_id", TEXT, nullable=False),
        sa.Column("registration", TEXT, nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("guardian_approvals_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("guardian_approvals_resident_id_idx"), "guardian_approvals", ["resident_id"]
    )


def downgrade() -> None:
    """Back. Decisions for other purposes than logins go: read as decisions about logins, they would
    permit what nobody agreed to. Agreements that expire end at once: an earlier release would never
    end them.
    """
    op.drop_table("guardian_approvals")
    op.drop_table("consent_statements")
    op.execute("DELETE FROM consents WHERE purpose <> ''")
    op.execute("UPDATE consents SET agreed = FALSE WHERE expires_at IS NOT NULL")
    for table, columns in _NEW.items():
        with op.batch_alter_table(table) as batch:
            for name in columns:
                batch.drop_column(name)
