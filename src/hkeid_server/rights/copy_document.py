"""The copy of everything as a document for reading: the JSON document in words of the page's language.

Keys, digests and other strings for machines are left to the JSON file; the document says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from hkeid.identity.birth_date import BirthDate
from hkeid.identity.person import Sex
from hkeid.officers import (
    PERMISSION_WORDS,
    REASON_WORDS,
    ROLE_WORDS,
    AccessReason,
    Permission,
    Role,
)
from hkeid.ports.readable import Block, BlockKind, ReadableDocument
from hkeid.profile import EME_FIELDS
from hkeid.profile.display import shown_birth_date, shown_sex
from hkeid.profile.rights import RefusalGround
from hkeid_server.profile_content import spoken
from hkeid_server.rights.copy_labels import labels, section_titles
from hkeid_server.shell import language, translate

FOR_MACHINES: Final = frozenset(
    {
        "public_key",
        "evidence",
        "digests",
        "salt",
        "certificates",
        "decisions",
        "statement",
        "statement_text",
        "findings",
        "decision",
        "facts",
        "id",
        "key",
        "signature",
        "known_there_as",
        "model",
        "transports",
        "uses_counted",
    }
)
"""Members of records that the readable document leaves out."""

_EME: Final = {field.sealed: field for field in EME_FIELDS.values()}


def readable_copy(document: Mapping[str, Any]) -> ReadableDocument:
    """The document of :meth:`hkeid.profile.rights.OwnCopy.make` for reading, in this request's language."""
    title = translate("Everything that we hold about you")
    return ReadableDocument(
        title=title,
        language=language().tag,
        blocks=tuple(_blocks(title, document)),
        page_words=translate("Page %(page)s of %(pages)s", page="%(page)s", pages="%(pages)s"),
    )


def _blocks(title: str, document: Mapping[str, Any]) -> Iterator[Block]:
    yield Block(kind=BlockKind.TITLE, text=title)
    yield _text(
        translate(
            "Made on %(moment)s by %(issuer)s, for you alone. Keep it where nobody else reads it.",
            moment=_moment(document["made_at"]),
            issuer=document["held_by"],
        )
    )
    yield _text(
        translate(
            "Keys, digests and records for machines are left out here. The file in JSON has everything."
        )
    )
    titles, words = section_titles(), labels()
    for name, section in document["sections"].items():
        yield Block(kind=BlockKind.SECTION, text=titles[name])
        if not section["records"]:
            yield _text(translate("Nothing is held."))
        for number, record in enumerate(section["records"], 1):
            yield from _record(name, number, record, words)
    yield Block(kind=BlockKind.SECTION, text=translate("What is not in this copy"))
    for one in document["left_out"]:
        yield _text(f"{one['field']}: {one['why']}", "en")


def _record(
    section: str, number: int, record: Mapping[str, Any], words: Mapping[str, str]
) -> Iterator[Block]:
    if section in ("particulars", "profile"):
        yield from _particular(record, words)
        return
    yield Block(kind=BlockKind.RECORD, text=translate("No. %(number)s", number=number))
    for key, value in record.items():
        if key not in FOR_MACHINES and value not in (None, "", [], {}):
            yield _text(_said(words[key], _value(section, key, value, words)))


def _particular(record: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[Block]:
    """One particular, with where it comes from, and what its owner disputes about it."""
    name, value = record["field"], record["value"]
    yield Block(kind=BlockKind.RECORD, text=_name_of(name, words))
    yield _text(_shown(name, value, words))
    for key in ("source", "kept_at"):
        if record.get(key):
            yield _text(_said(words[key], _value("particulars", key, record[key], words)))
    for note in record.get("disputed", ()):
        yield _text(
            _said(
                translate("You say that this is wrong"),
                _value("data_requests", "disputed", note, words),
            )
        )


def _name_of(field: str, words: Mapping[str, str]) -> str:
    return _EME[field].label[spoken()] if field in _EME else words[field]


def _shown(field: str, value: Any, words: Mapping[str, str]) -> str:
    if field in _EME:
        return "\n".join(_EME[field].show(value, spoken()))
    if field == "birth_date":
        return shown_birth_date(BirthDate.parse(value), spoken())
    if field == "sex":
        return shown_sex(Sex.parse(value), spoken())
    if field in ("updated_at", "eme_since"):
        return language().moment(datetime.fromtimestamp(int(value)).astimezone())
    return _value("particulars", field, value, words)


def _value(section: str, key: str, value: Any, words: Mapping[str, str]) -> str:
    """A value in words: moments in the local form, words of closed lists in their own."""
    if isinstance(value, bool):
        return translate("Yes") if value else translate("No")
    if isinstance(value, Mapping):
        return "; ".join(
            _said(words.get(name, name), _value(section, name, one, words))
            for name, one in value.items()
            if name not in FOR_MACHINES and one not in (None, "", [], {})
        )
    if isinstance(value, list):
        return ", ".join(_value(section, key, one, words) for one in value)
    if not isinstance(value, str):
        return str(value)
    if key.endswith(("_at", "_until")) or key in ("at", "since"):
        return _moment(value)
    return _in_words(section, key, value, words)


def _in_words(section: str, key: str, value: str, words: Mapping[str, str]) -> str:
    tag = language().content
    match section, key:
        case "officer_accesses", "office":
            return ROLE_WORDS[Role(value)][tag]
        case "officer_accesses", "what" if Permission(value) in PERMISSION_WORDS:
            return PERMISSION_WORDS[Permission(value)][tag]
        case "officer_accesses", "why":
            return REASON_WORDS[AccessReason(value)][tag]
        case "data_requests", "refused_because":
            return RefusalGround(value).words(spoken())
        case "data_requests", "fields":
            return words[value]
        case _:
            return value


def _moment(text: str) -> str:
    return language().moment(datetime.fromisoformat(text))


def _said(label: str, value: str) -> str:
    return translate("%(label)s: %(value)s", label=label, value=value)


def _text(text: str, tag: str | None = None) -> Block:
    return Block(kind=BlockKind.TEXT, text=text, language=tag)
