"""The vault's tables: a database of its own, backed up apart and for a short horizon.

In both, a row is either a key or an erasure. So one statement on one row destroys a key and puts the
resident on the erasure list, and a key cannot come back beside it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, LargeBinary, MetaData, Table, Text

METADATA = MetaData(
    naming_convention={"pk": "%(table_name)s_pkey", "ix": "%(table_name)s_%(column_0_name)s_idx"}
)
"""All tables of the vault; ``column.info["personal"]`` is declared on every column."""


def _column(name: str, kind: Any, **rest: Any) -> Column[Any]:
    return Column(name, kind, info={"personal": None}, **rest)


data_keys = Table(
    "data_keys",
    METADATA,
    _column(
        "resident_id", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True
    ),
    _column("wrapped", LargeBinary, nullable=True),
    _column("erased_at", BigInteger, nullable=True, index=True),
    CheckConstraint(
        "(wrapped IS NULL) <> (erased_at IS NULL)", name="data_keys_key_or_erasure_check"
    ),
)

evidence_keys = Table(
    "evidence_keys",
    METADATA,
    _column("session_id", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
    _column("wrapped", LargeBinary, nullable=True),
    _column("expires_at", BigInteger, nullable=False, index=True),
    _column("destroyed_at", BigInteger, nullable=True),
    CheckConstraint(
        "(wrapped IS NULL) <> (destroyed_at IS NULL)", name="evidence_keys_key_or_destroyed_check"
    ),
)
