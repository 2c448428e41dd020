"""Looking into interactive forms (ISO 32000-2 §12.7): what they hold and do not show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary

from hkeid.ports.pdf import Box, PdfTrait

_DEEPEST = 32
_MOST = 20_000
# Annotation flags (table 167): invisible, hidden, no view.
_UNSEEN = 0b1 | 0b10 | 0b10_0000
_EMPTY = {"", "/Off"}


def form_traits(document: pikepdf.Pdf) -> set[PdfTrait]:
    """What the form of a document has of traits; signature fields do not count."""
    form = document.Root.get("/AcroForm")
    if not isinstance(form, Dictionary):
        return set()
    found = set()
    if "/XFA" in form:
        found.add(PdfTrait.XFA)
    fields = [one for one in _terminal(form.get("/Fields")) if one[0] != "/Sig"]
    if fields and bool(form.get("/NeedAppearances", False)):
        found.add(PdfTrait.NEED_APPEARANCES)
    places = _places(document) if fields else {}
    if any(_holds_unseen(kind, value, widgets, places) for kind, value, widgets in fields):
        found.add(PdfTrait.HIDDEN_FIELD)
    return found


def _terminal(fields: Any) -> Iterator[tuple[str, Any, list[Any]]]:
    """The fields at the ends of the tree: type, value and widgets; both are inherited (§12.7.4.1)."""
    left: list[tuple[Any, str, Any, int]]
    left = [(one, "", None, 0) for one in (fields if isinstance(fields, Array) else ())]
    count = 0
    while left:
        field, kind, value, depth = left.pop()
        count += 1
        if depth > _DEEPEST or count > _MOST:
            raise ValueError("a form without end")
        if not isinstance(field, Dictionary):
            continue
        kind = str(field.get("/FT", kind))
        value = field.get("/V", value)
        kids = field.get("/Kids")
        below = (
            [one for one in kids if isinstance(one, Dictionary)] if isinstance(kids, Array) else []
        )
        named = [one for one in below if "/T" in one]
        if named:
            left += [(one, kind, value, depth + 1) for one in named]
        else:
            yield kind, value, below or [field]


def _places(document: pikepdf.Pdf) -> dict[tuple[int, int], Box]:
    """The page's box (ISO 32000-2 §14.11.2) for each annotation that lies on a page."""
    found = {}
    for page in document.pages:
        annotations = page.obj.get("/Annots")
        if isinstance(annotations, Array):
            box = _ordered(page.cropbox)
            found.update({one.objgen: box for one in annotations if isinstance(one, Dictionary)})
    return found


def _holds_unseen(
    kind: str, value: Any, widgets: list[Any], places: dict[tuple[int, int], Box]
) -> bool:
    """Whether there is a value, and no widget of it on a page."""
    if value is None or str(value) in _EMPTY:
        return False
    if kind == "/Btn" and not isinstance(value, pikepdf.Name):
        return False
    return not any(_seen(widget, places.get(widget.objgen)) for widget in widgets)


def _seen(widget: Any, page: Box | None) -> bool:
    flags = int(widget.get("/F", 0))
    box = widget.get("/Rect")
    if page is None or flags & _UNSEEN or not isinstance(box, Array) or len(box) != 4:
        return False
    left, bottom, right, top = _ordered(box)
    on_page = left < page[2] and right > page[0] and bottom < page[3] and top > page[1]
    return on_page and left < right and bottom < top and isinstance(widget.get("/AP"), Dictionary)


def _ordered(box: Any) -> Box:
    """Any two opposite corners will do (ISO 32000-2 §7.9.5)."""
    first, second, third, fourth = (float(one) for one in box)
    return min(first, third), min(second, fourth), max(first, third), max(second, fourth)
