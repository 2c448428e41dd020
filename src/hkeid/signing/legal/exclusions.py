"""What Cap. 553 leaves out: Schedule 1, Schedule 2 and the Exclusion Order, as a dated catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from hkeid.signing.legal.tables import Table, read_tables

SCHEMA = 1
_MALFORMED = "exclusions_malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType:
    """A kind of document.

    :ivar name: its code in the catalogue, such as ``tax-return``.
    :ivar item: the item of Schedule 1 it falls under; ``None``: under none.
    :ivar proceedings: whether it is made for court proceedings; ``None``: depends.
    :ivar counsel: why it cannot be told from a source.
    """

    name: str
    item: int | None
    proceedings: bool | None
    counsel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinanceEntry:
    """What is known of the Exclusion Order for one chapter."""

    chapter: str
    excluded: bool
    counsel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """One version of the catalogue.

    :ivar label: version and SHA-256 of the file.
    :ivar proceedings: the courts and tribunals of Schedule 2.
    """

    label: str
    document_types: Mapping[str, DocumentType]
    ordinances: Mapping[str, OrdinanceEntry]
    proceedings: tuple[str, ...]


@cache
def shipped_exclusions() -> Exclusions:
    """The catalogue that comes with this package; of the Exclusion Order it knows nothing."""
    content = files("hkeid.signing.legal").joinpath("exclusions.toml").read_bytes()
    return parse_exclusions(content)


def parse_exclusions(content: bytes) -> Exclusions:
    """A catalogue from its TOML.

    :raises hkeid.kernel.errors.ConfigurationError: ``exclusions_malformed``.
    """
    table = read_tables(content, _MALFORMED)
    if table.number("schema") != SCHEMA:
        raise table.malformed(f"schema is not {SCHEMA}")
    version = table.text("version")
    items = table.tables("schedule_1", _item)
    types = table.tables("document_types", _document_type)
    ordinances = table.tables("ordinances", _ordinance)
    proceedings = table.texts("schedule_2")
    if not table.texts("sources"):
        raise table.malformed("names no source")
    table.end()
    unknown = {kind.item for kind in types} - {None, *items}
    if unknown or len(set(items)) != len(items):
        raise table.malformed(f"items of Schedule 1: {sorted(str(item) for item in unknown)}")
    by_code = {kind.name: kind for kind in types}
    by_chapter = {entry.chapter: entry for entry in ordinances}
    if len(by_code) != len(types) or len(by_chapter) != len(ordinances):
        raise table.malformed("a document type or an ordinance stands there twice")
    return Exclusions(
        label=f"{version} sha256:{hashlib.sha256(content).hexdigest()}",
        document_types=MappingProxyType(by_code),
        ordinances=MappingProxyType(by_chapter),
        proceedings=proceedings,
    )


def _item(table: Table) -> int:
    table.text("matter")
    return table.number("item")


def _document_type(table: Table) -> DocumentType:
    has_flag = table.flag("depends_on_proceedings", default=False)
    return DocumentType(
        name=table.text("code"),
        item=table.optional_number("item"),
        proceedings=None if has_flag else table.flag("proceedings", default=False),
        counsel=table.optional_text("counsel"),
    )


def _ordinance(table: Table) -> OrdinanceEntry:
    return OrdinanceEntry(
        chapter=table.text("chapter"),
        excluded=table.flag("excluded"),
        counsel=table.optional_text("counsel"),
    )
