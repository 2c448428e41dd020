"""Readable documents: what stands in them can be read again, in its order, and is tagged."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from hkeid.adapters.pdf.readable import PdfPrinter
from hkeid.kernel.errors import ConfigurationError
from hkeid.ports.readable import Block, BlockKind, ReadableDocument

KINDS = {
    BlockKind.TITLE: "/H1",
    BlockKind.SECTION: "/H2",
    BlockKind.RECORD: "/H3",
    BlockKind.TEXT: "/P",
}


@pytest.fixture(scope="module")
def printer() -> PdfPrinter:
    return PdfPrinter()


def document(*texts: str, language: str = "zh-Hant-HK") -> ReadableDocument:
    blocks = [
        Block(kind=BlockKind.TITLE, text="關於你的一切"),
        Block(kind=BlockKind.SECTION, text="裝置"),
        Block(kind=BlockKind.RECORD, text="第 1 項"),
        *(Block(kind=BlockKind.TEXT, text=text) for text in texts),
    ]
    return ReadableDocument(
        title="關於你的一切",
        language=language,
        blocks=tuple(blocks),
        page_words="第 %(page)s 頁，共 %(pages)s 頁",
    )


def read(file: bytes) -> list[str]:
    opened = pypdfium2.PdfDocument(file)
    return [page.get_textpage().get_text_range() for page in opened]


def test_the_text_can_be_read_again(printer: PdfPrinter) -> None:
    (page,) = read(printer.render(document("CHAN, Tai Man 陳大文", "1985年4月12日")))
    assert page.split("\r\n")[:5] == [
        "關於你的一切", "裝置", "第 1 項", "CHAN, Tai Man 陳大文", "1985年4月12日",
    ]  # fmt: skip
    assert "第 1 頁，共 1 頁" in page


def test_everything_is_tagged_in_its_order(printer: PdfPrinter) -> None:
    made = document(*(f"{number}: " + "words that fill a line, " * 12 for number in range(40)))
    file = pikepdf.open(BytesIO(printer.render(made)))
    assert file.Root.MarkInfo.Marked
    assert str(file.Root.Lang) == "zh-Hant-HK"
    assert file.Root.ViewerPreferences.DisplayDocTitle
    assert str(file.docinfo.Title) == "關於你的一切"
    with file.open_metadata() as metadata:
        assert metadata["dc:title"] == "關於你的一切"
    whole = file.Root.StructTreeRoot.K
    assert str(whole.S) == "/Document"
    elements = list(whole.K)
    assert [str(one.S) for one in elements] == [KINDS[block.kind] for block in made.blocks]
    parents = file.Root.StructTreeRoot.ParentTree.Nums
    by_page = {int(parents[at]): list(parents[at + 1]) for at in range(0, len(parents), 2)}
    assert len(by_page) == len(file.pages) > 1
    for element in elements:
        assert list(element.K), "no element without content"
        for content in element.K:
            owner = by_page[int(content.Pg.StructParents)][int(content.MCID)]
            assert owner.objgen == element.objgen
    for page in file.pages:
        stream = page.Contents.read_bytes()
        marked = stream.count(b"BDC") + stream.count(b"BMC")
        assert marked == stream.count(b"EMC")
        assert stream.count(b"/Artifact BMC") == 1


def test_a_paragraph_in_another_language_says_so(printer: PdfPrinter) -> None:
    made = document("文字")
    blocks = (*made.blocks, Block(kind=BlockKind.TEXT, text="Words", language="en"))
    again = ReadableDocument(title="x", language="zh-Hant-HK", blocks=blocks)
    file = pikepdf.open(BytesIO(printer.render(again)))
    elements = list(file.Root.StructTreeRoot.K.K)
    assert str(elements[-1].Lang) == "en"
    assert "/Lang" not in elements[0]


def test_nothing_leaves_the_page(printer: PdfPrinter) -> None:
    """Neither long words nor long lists."""
    texts = ["x" * 900, "字" * 900, "a b " * 400, "，" * 200, "one\ntwo", ""]
    file = printer.render(document(*texts * 4))
    pages = pypdfium2.PdfDocument(file)
    assert len(pages) > 2
    for page in pages:
        width, height = page.get_size()
        text = page.get_textpage()
        for number in range(text.count_chars()):
            left, bottom, right, top = text.get_charbox(number)
            assert 0 <= left <= right <= width - 50
            assert 0 <= bottom <= top <= height
    whole = "".join(read(file))
    assert whole.count("字") == 900 * 4


def test_a_character_that_the_font_has_not_is_marked(printer: PdfPrinter) -> None:
    (page,) = read(printer.render(document("A\U000f0000B")))
    assert "A〓B" in page


def test_no_line_begins_with_what_closes(printer: PdfPrinter) -> None:
    (page,) = read(printer.render(document("標點，" * 60)))
    assert not [line for line in page.split("\r\n") if line.startswith("，")]


def test_without_a_font_there_is_no_document(tmp_path: Path) -> None:
    nothing = PdfPrinter(tmp_path / "none.ttc")
    with pytest.raises(ConfigurationError) as caught:
        nothing.render(document("x"))
    assert caught.value.reason in {"stamp_font_missing", "stamp_font_unusable"}
