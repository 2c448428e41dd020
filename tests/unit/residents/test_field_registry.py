"""The registry of personal fields, the data map and the columns of the database agree."""

from __future__ import annotations

from pathlib import Path

from hkeid.adapters.sql.tables import METADATA
from hkeid.residents import FIELDS, Protection, data_map
from hkeid.residents.fields import sealed_by_name
from hkeid.residents.personal_field import SEALED_PLACE

COLUMNS = {
    f"{table.name}.{column.name}": column
    for table in METADATA.tables.values()
    for column in table.columns
}
SEALED = [field for field in FIELDS.values() if field.protection is not Protection.PSEUDONYM]
PSEUDONYMOUS = [field for field in FIELDS.values() if field.protection is Protection.PSEUDONYM]


def test_every_field_says_everything() -> None:
    for name, field in FIELDS.items():
        assert field.name == name
        assert field.purpose
        assert field.retention
        assert field.visible_to
        assert field.places


def test_every_column_says_whether_it_is_personal() -> None:
    silent = [place for place, column in COLUMNS.items() if "personal" not in column.info]
    assert not silent


def test_every_personal_column_is_declared() -> None:
    undeclared = []
    for place, column in COLUMNS.items():
        personal = column.info["personal"]
        if personal is None or (personal == "*" and place == SEALED_PLACE):
            continue
        places = FIELDS[personal].places if personal in FIELDS else ()
        if place not in places and place.partition(".")[0] not in places:
            undeclared.append(f"{place}: {personal}")
    assert not undeclared, "declare it in hkeid.residents.fields"


def test_every_declared_place_is_a_personal_column() -> None:
    for field in SEALED:
        for place in field.places:
            wanted = "*" if place == SEALED_PLACE else field.name
            assert COLUMNS[place].info["personal"] == wanted, place


def test_every_table_about_residents_is_declared() -> None:
    declared = {place for field in PSEUDONYMOUS for place in field.places}
    assert declared <= set(METADATA.tables)
    declared |= {place.partition(".")[0] for field in SEALED for place in field.places}
    about_residents = {
        table.name for table in METADATA.tables.values() if "resident_id" in table.columns
    }
    assert about_residents <= declared


def test_a_pseudonym_is_never_used_for_particulars() -> None:
    assert not sealed_by_name() & {field.name for field in PSEUDONYMOUS}


def test_the_documentation_shows_this_registry() -> None:
    document = Path(__file__).parents[3] / "docs/explanation/personal-fields.md"
    again = "python -c \"from hkeid.residents import data_map; print(data_map(), end='')\""
    assert data_map() in document.read_text("utf-8"), f"paste the output of: {again}"
