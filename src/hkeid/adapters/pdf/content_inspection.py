"""Looking into content streams for names of resources that are not there (ISO 32000-2 §7.8.3).

A reader that misses a font may draw the text in another or leave it out; what one person signed then
has words that another does not see. So what is named has to be there, and of its kind.

The streams are read in one of two ways. Mostly every name in a stream stands right before the operator
that uses it, and a search settles it. Where one does not (in marked content, in text), qpdf takes the stream
apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from hkeid.ports.pdf import PdfTrait

# Which operators name what (ISO 32000-2 table 34): category of resources, by operator.
_CATEGORIES = {
    b"Tf": "/Font", b"Do": "/XObject", b"gs": "/ExtGState", b"cs": "/ColorSpace", b"CS": "/ColorSpace",
    b"sh": "/Shading", b"scn": "/Pattern", b"SCN": "/Pattern",
}  # fmt: skip
_OPERATORS = " ".join(one.decode() for one in _CATEGORIES)
# Colour spaces that need no entry (table 73).
_OWN_SPACES = frozenset({b"DeviceGray", b"DeviceRGB", b"DeviceCMYK", b"Pattern"})
_NAME = rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]*)"
_USE = re.compile(
    _NAME + rb"[\x00\t\n\x0c\r ]+(?:[-+.0-9]+[\x00\t\n\x0c\r ]+)?(Tf|Do|gs|cs|CS|sh|scn|SCN)"
    rb"(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|\Z)"
)
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_NOTHING = Dictionary()


def page_traits(page: Any) -> Iterator[PdfTrait]:
    """What the content of a page, and the looks of its annotations, have of traits."""
    if not _all_there(page, _of_page(page)):
        yield PdfTrait.UNDEFINED_RESOURCE
    if "/Annots" in page and not all(
        _all_there(one, one.get("/Resources")) for one in _looks(page)
    ):
        yield PdfTrait.UNDEFINED_RESOURCE


def drawing_traits(one: Any) -> Iterator[PdfTrait]:
    """What a form or a tiling pattern has of traits; other objects have none.

    A form without resources of its own would take the page's, says an old version; not all readers do.
    """
    if isinstance(one, Stream) and _draws(one) and not _all_there(one, one.get("/Resources")):
        yield PdfTrait.UNDEFINED_RESOURCE


def glyph_traits(font: Dictionary) -> Iterator[PdfTrait]:
    """What the drawn glyphs of a font of type 3 have of traits (§9.6.4)."""
    glyphs = font.get("/CharProcs")
    drawn = glyphs.values() if isinstance(glyphs, Dictionary) else ()
    if not all(_all_there(glyph, font.get("/Resources")) for glyph in drawn):
        yield PdfTrait.UNDEFINED_RESOURCE


def _looks(page: Any) -> Iterator[Stream]:
    """The appearances on a page (§12.5.5), which readers take for forms even if they do not say so."""
    notes = page.get("/Annots")
    for note in notes if isinstance(notes, Array) else ():
        looks = note.get("/AP") if isinstance(note, Dictionary) else None
        for look in looks.values() if isinstance(looks, Dictionary) else ():
            yield from (
                one
                for one in (look.values() if isinstance(look, Dictionary) else (look,))
                if isinstance(one, Stream) and not _draws(one)
            )


def _draws(one: Stream) -> bool:
    """A form or a tiling pattern, whatever else it says of itself."""
    return one.get("/Subtype") == Name.Form or "/PaintType" in one or "/BBox" in one


def _of_page(page: Any) -> Any:
    """The resources of a page, which it may have from above (table 31)."""
    for _ in range(64):
        found = page.get("/Resources")
        if found is not None:
            return found
        page = page.get("/Parent")
        if not isinstance(page, Dictionary):
            break
    return None


def _all_there(one: Any, resources: Any) -> bool:
    """Everything that the content names is among the resources."""
    content = _content(one)
    names = content.count(b"/")
    if not names:
        return True
    known = resources if isinstance(resources, Dictionary) else _NOTHING
    uses = _USE.findall(content)
    if len(uses) == names and all(
        _is_there(known, _CATEGORIES[by], _plain(name)) for name, by in set(uses)
    ):
        return True
    return all(_is_there(known, _CATEGORIES[by], name) for name, by in set(_uses(one)))


def _content(one: Any) -> bytes:
    """The content of a stream, or of a page, whose streams follow each other (table 31)."""
    content = one if isinstance(one, Stream) else one.get("/Contents")
    if isinstance(content, Stream):
        return bytes(content.read_bytes())
    parts = content if isinstance(content, Array) else ()
    return b"\n".join(part.read_bytes() for part in parts if isinstance(part, Stream))


def _uses(one: Any) -> Iterator[tuple[bytes, bytes]]:
    """Names with the operators that use them, as qpdf reads them."""
    for instruction in pikepdf.parse_content_stream(one, _OPERATORS):
        operator = bytes(instruction.operator)
        used = (
            instruction.operands[0 if operator == b"Tf" else -1 :] if instruction.operands else ()
        )
        if used and isinstance(used[0], Name):
            yield str(used[0])[1:].encode("utf-8", "surrogateescape"), operator


def _plain(name: bytes) -> bytes:
    """Without escapes (§7.3.5)."""
    return _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), name) if b"#" in name else name


def _is_there(resources: Any, category: str, name: bytes) -> bool:
    if category == "/ColorSpace" and name in _OWN_SPACES:
        return True
    entries = resources.get(category)
    found = None
    if isinstance(entries, Dictionary):
        found = entries.get("/" + name.decode("utf-8", "surrogateescape"))
    kinds: Any = Dictionary | Stream
    if category == "/ColorSpace":
        kinds = Dictionary | Stream | Array | Name
    return isinstance(found, kinds)
