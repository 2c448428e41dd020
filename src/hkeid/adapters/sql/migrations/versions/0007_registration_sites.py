"""The wider networks a registration came from, and how many faces were shown in it.

Expand: two new columns that may be empty, one with a default, and indexes by which those that are open are
counted, in all and by network. What is open keeps the network it has as its site; faces are counted out of
``tries``.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_DIGESTS = ("site", "provider")


def upgrade() -> None:
    """Forwards."""
    for name in _DIGESTS:
        op.add_column("registrations", sa.Column(name, sa.LargeBinary(), nullable=True))
    faces = sa.Column("faces", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("registrations", faces)
    op.execute("UPDATE registrations SET site = network WHERE network IS NOT NULL")
    _count_faces(op.get_bind())
    op.create_index("registrations_open_idx", "registrations", ["step", "expires_at"])
    op.drop_index("registrations_network_idx", "registrations")
    for name in ("network", *_DIGESTS):
        columns = [name, "step", "expires_at"]
        op.create_index(f"registrations_{name}_idx", "registrations", columns)


def downgrade() -> None:
    """Back: open registrations are counted by the nearest network only."""
    for name in ("open", "network", *_DIGESTS):
        op.drop_index(f"registrations_{name}_idx", "registrations")
    op.create_index("registrations_network_idx", "registrations", ["network"])
    with op.batch_alter_table("registrations") as registrations:
        for name in (*_DIGESTS, "faces"):
            registrations.drop_column(name)


def _count_faces(connection: sa.Connection) -> None:
    """Without this, whoever showed faces before the migration would not be counted after it."""
    names = ("id", "tries", "number_digest", "faces")
    kept = sa.table("registrations", *(sa.column(name) for name in names))
    rows = connection.execute(
        sa.select(kept.c.id, kept.c.tries).where(kept.c.number_digest.is_not(None))
    )
    found = [
        {"of": one.id, "count": count}
        for one in rows
        if (count := int(json.loads(bytes(one.tries)).get("selfie", 0))) > 0
    ]
    if found:
        change = sa.update(kept).where(kept.c.id == sa.bindparam("of"))
        connection.execute(change.values(faces=sa.bindparam("count")), found)
