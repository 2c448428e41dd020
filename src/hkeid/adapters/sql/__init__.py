"""The data store on SQLite or PostgreSQL, through SQLAlchemy Core."""

from hkeid.kernel.errors import MissingExtra

try:
    import sqlalchemy as _sqlalchemy  # noqa: F401 - only to see whether it is there
except ImportError as _missing:  # pragma: no cover - the tests' environment has it
    raise MissingExtra("sqlalchemy", "sql") from _missing

from hkeid.adapters.sql.schema import downgrade, upgrade
from hkeid.adapters.sql.store import SqlStore, SqlTransaction

__all__ = ["SqlStore", "SqlTransaction", "downgrade", "upgrade"]
