"""Names of resources in content streams (ISO 32000-2 §7.8.3): what is there is no reason to refuse."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from hkeid.adapters.pdf.content_inspection import drawing_traits, page_traits
from hkeid.ports.pdf import PdfTrait
from hkeid.testing.papers import paper


def _traits(change) -> set[PdfTrait]:
    with pikepdf.open(io.BytesIO(paper(change=change))) as document:
        found = {trait for page in document.pages for trait in page_traits(page.obj)}
        for one in document.objects:
            found |= set(drawing_traits(one))
        return found


def _content(content: bytes, **resources: Dictionary):
    def change(document: pikepdf.Pdf) -> None:
        page = document.pages[0].obj
        page.Contents = document.make_stream(content)
        for category, entries in resources.items():
            page.Resources[f"/{category}"] = entries

    return change


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"BT /F1 18 Tf (one) Tj ET",
        b"BT /F#31 18 Tf (one) Tj ET",
        b"BT /F1\n18\rTf(/F9 18 Tf)Tj ET",
        b"/P <</MCID 0/Lang(en)>> BDC BT /F1 18 Tf (one) Tj ET EMC",
        b"/DeviceRGB cs 1 0 0 sc /Pattern CS",
        b"/Artifact BMC EMC",
        b"BI /W 1 /H 1 /CS /G /BPC 8 ID \xff EI",
        b"% /F9 18 Tf\nBT /F1 18 Tf (one) Tj ET",
    ],
)
def test_what_is_there_or_not_used_is_no_trait(content: bytes) -> None:
    assert _traits(_content(content)) == set()


@pytest.mark.parametrize(
    "content",
    [
        b"BT /F9 18 Tf (one) Tj ET",
        b"BT /F#39 18 Tf (one) Tj ET",
        b"BT /Im0 18 Tf (a name of another category) Tj ET",
        b"/Nothing Do",
        b"/Nothing gs",
        b"/Nothing cs",
        b"/Pattern cs /Nothing scn",
        b"/Pattern cs 1 0 0 /Nothing scn",
        b"/Nothing sh",
        b"(/F1 18 Tf) pop /F9%\n18%\nTf",
    ],
)
def test_what_is_named_and_not_there_is_a_trait(content: bytes) -> None:
    picture = Dictionary(Im0=Dictionary(Subtype=Name.Image))
    assert _traits(_content(content, XObject=picture)) == {PdfTrait.UNDEFINED_RESOURCE}


def test_a_page_has_resources_from_above() -> None:
    """Table 31: /Resources is inheritable."""

    def change(document: pikepdf.Pdf) -> None:
        page = document.pages[0].obj
        document.Root.Pages.Resources = page.Resources
        del page["/Resources"]

    assert _traits(change) == set()


def test_a_page_may_be_in_several_streams() -> None:
    def change(document: pikepdf.Pdf) -> None:
        parts = [document.make_stream(one) for one in (b"BT /F9", b"18 Tf (one) Tj ET")]
        document.pages[0].obj.Contents = Array(parts)

    assert _traits(change) == {PdfTrait.UNDEFINED_RESOURCE}


def test_a_tiling_pattern_is_looked_into() -> None:
    def change(document: pikepdf.Pdf) -> None:
        pattern = document.make_stream(
            b"/Nothing Do", PatternType=1, PaintType=1, TilingType=1, BBox=Array([0, 0, 9, 9])
        )
        document.pages[0].obj.Resources.Pattern = Dictionary(P0=pattern)

    assert _traits(change) == {PdfTrait.UNDEFINED_RESOURCE}
