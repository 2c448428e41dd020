"""Runs migrations on the connection that ``hkeid.adapters.sql.schema`` opened."""

from alembic import context

from hkeid.adapters.vault.sql import VERSION_TABLE
from hkeid.adapters.vault.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
