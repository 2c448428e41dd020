"""The vault's tables. They live in a database of their own, never in the data's."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table

from hkeid.adapters.sql.schema import migrating

METADATA: Final = MetaData()


def _column(name: str, kind: Any, *, key: bool = False) -> Column[Any]:
    return Column(name, kind, primary_key=key, nullable=False, info={"personal": None})


wrapped_keys: Final = Table(
    "wrapped_keys",
    METADATA,
    _column("resident_id", String(64), key=True),
    _column("wrapped", LargeBinary),
)
erasures: Final = Table(
    "erasures",
    METADATA,
    _column("resident_id", String(64), key=True),
    _column("erased_at", BigInteger),
)


def prepare(url: Any) -> None:
    """Make the tables that are not there yet; run with every upgrade.

    :raises hkeid.kernel.errors.Unavailable: the database cannot be reached.
    """
    with migrating(url) as connection:
        METADATA.create_all(connection)
