"""The fields of a revision, read alone by qpdf: a parser that had no part in finding the signatures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from hkeid.ports.pdf import Box

_DEEPEST = 32
_MOST = 20_000
_LONGEST = 200
_ENTRIES = ("/Type", "/SubFilter", "/Filter", "/M", "/Reason", "/Location", "/Name", "/ContactInfo")


@dataclass(frozen=True, slots=True)
class RevisionField:
    """A terminal field.

    :ivar kind: ``/FT`` without the slash.
    :ivar value: for comparing; None where it is empty.
    :ivar shown: the value for people.
    :ivar look: for comparing: places and appearances.
    :ivar places: page, counted from 0, and box; only where there is an area.
    """

    kind: str
    value: bytes | None
    shown: str
    look: bytes
    places: tuple[tuple[int, Box], ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """What a revision has.

    :ivar signatures: for each filled signature field a digest of its dictionary's entries.
    """

    pages: int
    fields: Mapping[str, RevisionField]
    signatures: Mapping[str, bytes]


def read_revision(content: bytes) -> Revision:
    """Fields and signatures.

    :raises Exception: what qpdf raises over hostile files.
    """
    with pikepdf.open(io.BytesIO(content)) as document:
        places = _places(document)
        fields: dict[str, RevisionField] = {}
        signatures: dict[str, bytes] = {}
        for name, kind, value, widgets in _terminal(document.Root.get("/AcroForm")):
            fields[name] = RevisionField(
                kind,
                _value(kind, value),
                _shown(kind, value),
                _look(widgets, places),
                tuple(_drawn(widgets, places)),
            )
            if kind == "Sig" and isinstance(value, Dictionary):
                signatures[name] = signature_digest(value)
        return Revision(len(document.pages), fields, signatures)


def signature_digest(value: Any) -> bytes:
    """What the dictionary of a signature says, ``/Contents`` and ``/ByteRange`` included."""
    parts = [bytes(value.get("/Contents", b""))]
    covered = value.get("/ByteRange")
    parts.append(covered.unparse() if isinstance(covered, Array) else b"-")
    for key in _ENTRIES:
        entry = value.get(key)
        parts.append(key.encode() + (b"-" if entry is None else repr(entry).encode()))
    return _digest(*parts)


def _terminal(form: Any) -> Iterator[tuple[str, str, Any, list[Any]]]:
    """Name, type, value and widgets; type and value are inherited (ISO 32000-2 §12.7.4.1)."""
    fields = form.get("/Fields") if isinstance(form, Dictionary) else None
    left: list[tuple[Any, str, str, Any, int]]
    left = [(one, "", "", None, 0) for one in (fields if isinstance(fields, Array) else ())]
    count = 0
    while left:
        one, above, kind, value, depth = left.pop()
        count += 1
        if depth > _DEEPEST or count > _MOST:
            raise ValueError("a form without end")
        if not isinstance(one, Dictionary):
            continue
        own = str(one.get("/T", ""))
        name = ".".join(part for part in (above, own) if part)
        kind = str(one.get("/FT", kind)).removeprefix("/")
        value = one.get("/V", value)
        kids = one.get("/Kids")
        below = [kid for kid in (kids if isinstance(kids, Array) else ()) if _is_dictionary(kid)]
        named = [kid for kid in below if "/T" in kid]
        if named:
            left += [(kid, name, kind, value, depth + 1) for kid in named]
        else:
            yield name, kind, value, below or [one]


def _is_dictionary(one: Any) -> bool:
    return isinstance(one, Dictionary)


def _places(document: pikepdf.Pdf) -> dict[tuple[int, int], int]:
    """On which page each annotation lies; the page says so, not the annotation."""
    found = {}
    for number, page in enumerate(document.pages):
        annotations = page.obj.get("/Annots")
        if isinstance(annotations, Array):
            found.update({one.objgen: number for one in annotations if _is_dictionary(one)})
    return found


def _drawn(widgets: list[Any], places: dict[tuple[int, int], int]) -> Iterator[tuple[int, Box]]:
    for widget in widgets:
        page, box = places.get(widget.objgen), _box(widget)
        if page is not None and box is not None and box[0] < box[2] and box[1] < box[3]:
            yield page, box


def _box(widget: Any) -> Box | None:
    corners = widget.get("/Rect")
    if not isinstance(corners, Array) or len(corners) != 4:
        return None
    first, second, third, fourth = (float(one) for one in corners)
    return min(first, third), min(second, fourth), max(first, third), max(second, fourth)


def _look(widgets: list[Any], places: dict[tuple[int, int], int]) -> bytes:
    parts = []
    for widget in widgets:
        parts.append(repr((places.get(widget.objgen), _box(widget))).encode())
        parts += [
            repr(widget.get(key)).encode() for key in ("/F", "/AS", "/MK", "/DA") if key in widget
        ]
        looks = widget.get("/AP")
        for key in ("/N", "/R", "/D"):
            if isinstance(looks, Dictionary) and key in looks:
                parts += _streams(looks[key], 0)
    return _digest(*parts)


def _streams(one: Any, depth: int) -> list[bytes]:
    if depth > 2:
        return []
    if isinstance(one, Stream):
        return [one.read_raw_bytes(), one.stream_dict.unparse()]
    if isinstance(one, Dictionary):
        return [part for key in sorted(one.keys()) for part in _streams(one[key], depth + 1)]
    return []


def _value(kind: str, value: Any) -> bytes | None:
    if value is None:
        return None
    if kind == "Sig":
        return signature_digest(value) if isinstance(value, Dictionary) else None
    if isinstance(value, Stream):
        return _digest(value.read_raw_bytes())
    if isinstance(value, Array | Dictionary):
        return _digest(value.unparse())
    return _digest(repr(value).encode())


def _shown(kind: str, value: Any) -> str:
    if value is None or kind == "Sig":
        return ""
    if isinstance(value, Stream):
        return "(stream)"
    text = str(value).removeprefix("/") if isinstance(value, Name) else str(value)
    return text[:_LONGEST]


def _digest(*parts: bytes) -> bytes:
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "big") + part)
    return state.digest()
