"""Looking at what lies over a page (ISO 32000-2 §12.5): links and the widgets of forms may, if every reader draws them
alike, on the screen and on paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pikepdf import Array, Dictionary, Name

from hkeid.ports.pdf import Box, PdfTrait

# Annotation flags (table 167).
_INVISIBLE, _HIDDEN, _PRINT, _NO_VIEW, _TOGGLE_NO_VIEW = 1, 2, 4, 32, 256
_WIDEST_FRAME = 2.0
_NARROWEST = 6.0
# Of /MK (table 192): what a reader that makes looks by itself would draw.
_CHARACTERISTICS = ("/BG", "/BC", "/CA", "/RC", "/AC", "/I", "/RI", "/IX")


def annotation_traits(page: Any) -> Iterator[PdfTrait]:
    """What the annotations of a page have of traits, whether or not they say that they are some."""
    found = page.get("/Annots")
    for one in found if isinstance(found, Array) else ():
        if isinstance(one, Dictionary) and _overlays(one):
            yield PdfTrait.OVERLAY


def _overlays(one: Any) -> bool:
    subtype = one.get("/Subtype", Name.Unknown)
    if subtype not in {Name.Link, Name.Widget}:
        return True
    looks = one.get("/AP")
    if isinstance(looks, Dictionary):
        # A link is drawn by the page; and nothing may change under the pointer.
        button = str(one.get("/FT", "")) == "/Btn" or "/Parent" in one
        if subtype == Name.Link or "/R" in looks or ("/D" in looks and not button):
            return True
    box = _box(one)
    if box is None:
        return False
    return _frame_covers(one, box) if subtype == Name.Link else _depends_on_reader(one)


def _frame_covers(link: Any, box: Box) -> bool:
    """The frame of a link, which some readers draw and others do not (§12.5.4), is more than a thin frame."""
    width = _frame_width(link)
    thin = min(box[2] - box[0], box[3] - box[1]) < _NARROWEST
    return width > _WIDEST_FRAME or (width > 0 and thin)


def _frame_width(link: Any) -> float:
    """In points; of both entries the larger, for readers differ in which they go by."""
    style, border = link.get("/BS"), link.get("/Border")
    widths = []
    if isinstance(style, Dictionary):
        widths.append(abs(float(style.get("/W", 1))))
    if isinstance(border, Array):
        widths.append(abs(float(border[2])) if len(border) > 2 else 0.0)
    return max(widths, default=1.0)


def _depends_on_reader(widget: Any) -> bool:
    """A widget that is seen on the screen and not on paper, or the other way round, or after a click; or one
    without a look of its own, for which readers make different ones.
    """
    flags = int(widget.get("/F", 0))
    if "/AP" not in widget:
        made = widget.get("/MK")
        return (
            not flags & _HIDDEN
            and isinstance(made, Dictionary)
            and any(key in made for key in _CHARACTERISTICS)
        )
    screen = not flags & (_INVISIBLE | _HIDDEN | _NO_VIEW)
    paper = bool(flags & _PRINT) and not flags & (_INVISIBLE | _HIDDEN)
    return screen != paper or bool(screen and flags & _TOGGLE_NO_VIEW)


def _box(one: Any) -> Box | None:
    """Where it is; None where it has no area."""
    corners = one.get("/Rect")
    if not isinstance(corners, Array) or len(corners) != 4:
        return None
    first, second, third, fourth = (float(corner) for corner in corners)
    if first == third or second == fourth:
        return None
    return min(first, third), min(second, fourth), max(first, third), max(second, fourth)
