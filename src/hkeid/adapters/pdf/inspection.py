"""Looking for what can change the look of a document, with qpdf by way of pikepdf.

Every object of the file is looked at, the unreachable ones too. Most are passed by after a search through
their text; the ones that mention anything of interest are looked at properly, since a name in a text string
is only a text.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from hkeid.adapters.pdf.annotation_inspection import annotation_traits
from hkeid.adapters.pdf.content_inspection import drawing_traits, glyph_traits, page_traits
from hkeid.adapters.pdf.form_inspection import form_traits
from hkeid.ports.pdf import PdfTrait

_DEEPEST = 64
_HEADER = b"%PDF-"
_END = b"%%EOF"
_NO_RESOURCES = "Resources is missing or invalid"
_WHITE = b"\x00\t\n\x0c\r "

# Actions that do more than go to a page of this file or to an address (ISO 32000-2 §12.6.4).
_ACTIONS = {
    "/Launch", "/ImportData", "/SubmitForm", "/ResetForm", "/Hide", "/Named", "/SetOCGState", "/Rendition",
    "/Trans", "/GoTo3DView", "/Movie", "/Sound", "/RichMediaExecute", "/GoToE", "/GoToDp",
}  # fmt: skip
# The four that every reader knows only turn pages (table 216).
_TURNING = {"/NextPage", "/PrevPage", "/FirstPage", "/LastPage"}
_ANNOTATIONS = {"/Link", "/Widget"}
_SEARCHED = re.compile(
    rb"/(?:JS|JavaScript|Launch|ImportData|SubmitForm|ResetForm|Hide|Named|SetOCGState|Rendition|Trans"
    rb"|GoTo3DView|Movie|Sound|RichMediaExecute|GoToE|GoToDp|AA|XFA|OC|OCG|OCMD|OCProperties|Annot|Ref|OPI"
    rb"|Alternates|Templates|BM|Type3)(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])"
)

# The blend modes (ISO 32000-2 tables 134 and 135). Of a list of them, which older versions allow, some readers take
# the first that they know, and pdfium none: then what it covers is seen by all but the signer.
_BLENDS = {
    "/Normal", "/Compatible", "/Multiply", "/Screen", "/Overlay", "/Darken", "/Lighten", "/ColorDodge", "/ColorBurn",
    "/HardLight", "/SoftLight", "/Difference", "/Exclusion", "/Hue", "/Saturation", "/Color", "/Luminosity",
}  # fmt: skip

_TYPED = re.compile(rb"/(?:Catalog|Page)(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])")
_DRAWN = re.compile(rb"/(?:Form|BBox|PaintType)(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])")
_STREAM = b" stream"
# /F in a stream's dictionary is a file elsewhere; in any other dictionary it is harmless.
_OUTSIDE = re.compile(rb"/F(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])")


def traits_of(mapped: mmap.mmap, handle: int) -> frozenset[PdfTrait]:
    """What the file has of :class:`hkeid.ports.pdf.PdfTrait`, but for hybrid cross-references, which qpdf does
    not tell of.

    :param handle: descriptor of the same file.
    """
    found = set(_outside(mapped))
    try:
        with pikepdf.open(f"/dev/fd/{handle}", attempt_recovery=False) as document:
            if document.is_encrypted:
                found.add(PdfTrait.ENCRYPTED)
            found |= _inside(document)
            # A page that needs no resources may lack them, against the letter (ISO 32000-2 table 31).
            if any(_NO_RESOURCES not in str(one) for one in document.get_warnings()):
                found.add(PdfTrait.DAMAGED)
    except pikepdf.PasswordError:
        found.add(PdfTrait.ENCRYPTED)
    except pikepdf.PdfError:
        found.add(PdfTrait.DAMAGED)
    return frozenset(found)


def _outside(mapped: mmap.mmap) -> Iterator[PdfTrait]:
    """The header begins the file and the last end-of-file marker ends it (ISO 32000-2 §7.5.2, §7.5.5)."""
    end = mapped.rfind(_END)
    begins = mapped[: len(_HEADER)] == _HEADER
    if not begins or end < 0 or mapped[end + len(_END) :].strip(_WHITE):
        yield PdfTrait.TRAILING_BYTES


def _inside(document: pikepdf.Pdf) -> set[PdfTrait]:
    root = document.Root
    found = set(_catalogue(root))
    pages = set()
    for page in document.pages:
        pages.add(page.obj.objgen)
        found |= {*annotation_traits(page.obj), *page_traits(page.obj)}
    for one in document.objects:
        text = _text(one)
        outside = text.endswith(_STREAM) and _OUTSIDE.search(text)
        if outside or _SEARCHED.search(text):
            for part in _dictionaries(one):
                found |= set(_dictionary(part))
        if text.endswith(_STREAM) and _DRAWN.search(text):
            found |= set(drawing_traits(one))
        if _TYPED.search(text) and _unreachable(one, pages, root):
            found.add(PdfTrait.HIDDEN_CONTENT)
    return found | form_traits(document)


def _text(one: Any) -> bytes:
    """An object as text, without the content of a stream; qpdf writes each name in one way only."""
    if isinstance(one, Stream):
        return bytes(one.stream_dict.unparse(resolved=True)) + _STREAM
    if isinstance(one, Dictionary | Array):
        return bytes(one.unparse(resolved=True))
    return b""


def _dictionaries(one: Any, depth: int = 0) -> Iterator[Any]:
    """The dictionaries in an object, without following references."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(one, Array):
        for item in one:
            if not getattr(item, "is_indirect", False):
                yield from _dictionaries(item, depth + 1)
    elif isinstance(one, Dictionary | Stream):
        yield one
        for item in one.values():
            if isinstance(item, Dictionary | Array) and not item.is_indirect:
                yield from _dictionaries(item, depth + 1)


def _dictionary(one: Any) -> Iterator[PdfTrait]:
    kind = str(one.get("/S", ""))
    typed = str(one.get("/Type", ""))
    if "/JS" in one or kind == "/JavaScript":
        yield PdfTrait.JAVASCRIPT
    # Whatever else such a dictionary says of itself: readers that see an action act.
    turning = kind == "/Named" and str(one.get("/N", "")) in _TURNING
    if kind in _ACTIONS and not turning:
        yield PdfTrait.LAUNCH_ACTION
    if "/AA" in one:
        yield PdfTrait.OPEN_ACTION
    if "/XFA" in one:
        yield PdfTrait.XFA
    if "/BM" in one and not (isinstance(one["/BM"], Name) and str(one["/BM"]) in _BLENDS):
        yield PdfTrait.OVERLAY
    if "/OC" in one or typed in {"/OCG", "/OCMD"}:
        yield PdfTrait.OPTIONAL_CONTENT
    if typed == "/Annot" and str(one.get("/Subtype", "")) not in _ANNOTATIONS:
        yield PdfTrait.OVERLAY
    if one.get("/Subtype") == Name.Type3:
        yield from glyph_traits(one)
    if isinstance(one, Stream):
        yield from _stream(one)


def _stream(one: Any) -> Iterator[PdfTrait]:
    subtype = str(one.get("/Subtype", ""))
    if "/F" in one or "/OPI" in one or (subtype == "/Form" and "/Ref" in one):
        yield PdfTrait.EXTERNAL_CONTENT
    if "/Alternates" in one:
        yield PdfTrait.ALTERNATE_IMAGES


def _catalogue(root: Any) -> Iterator[PdfTrait]:
    if "/OCProperties" in root:
        yield PdfTrait.OPTIONAL_CONTENT
    if "/Collection" in root:
        yield PdfTrait.COLLECTION
    names = root.get("/Names")
    if isinstance(names, Dictionary):
        if "/JavaScript" in names:
            yield PdfTrait.JAVASCRIPT
        if "/Templates" in names:
            yield PdfTrait.HIDDEN_CONTENT
    opening = root.get("/OpenAction")
    if isinstance(opening, Dictionary) and str(opening.get("/S", "")) != "/GoTo":
        yield PdfTrait.OPEN_ACTION


def _unreachable(one: Any, pages: set[tuple[int, int]], root: Any) -> bool:
    if not isinstance(one, Dictionary):
        return False
    typed = one.get("/Type")
    if typed == Name.Page:
        return one.objgen not in pages
    return typed == Name.Catalog and one.objgen != root.objgen
