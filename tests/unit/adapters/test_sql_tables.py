"""How the columns keep what the registry of personal fields protects (law 4)."""

from __future__ import annotations

from sqlalchemy import LargeBinary

from hkeid.adapters.sql.tables import METADATA
from hkeid.adapters.vault.tables import METADATA as VAULT_METADATA
from hkeid.residents import FIELDS, Protection


def test_what_is_sealed_or_digested_is_kept_as_bytes() -> None:
    for field in FIELDS.values():
        if field.protection is Protection.PSEUDONYM:
            continue
        for place in field.places:
            table, _, column = place.partition(".")
            assert isinstance(METADATA.tables[table].columns[column].type, LargeBinary), place


def test_the_vault_holds_nothing_personal() -> None:
    columns = [column for table in VAULT_METADATA.tables.values() for column in table.columns]
    assert [column.name for column in columns if column.info["personal"] is not None] == []
