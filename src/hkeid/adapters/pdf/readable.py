"""Readable documents as tagged PDF (ISO 32000-2 §14.8): headings and paragraphs, in an embedded font."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from hkeid.adapters.pdf.stamps.subset import FontSubset
from hkeid.adapters.pdf.stamps.typeface import Typeface
from hkeid.kernel.errors import MissingExtra
from hkeid.ports.readable import Block, BlockKind, ReadableDocument
from hkeid.signing.errors import DocumentRefused

try:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.generic import pdf_name
    from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
except ImportError as error:
    raise MissingExtra(error.name or "pyhanko", "signing") from None

_WIDTH, _HEIGHT, _MARGIN = 595.0, 842.0, 56.0
_FOOT: Final = 30.0
_UNKNOWN: Final = "〓"
"""Printers' sign for a character that the font has not."""
_NO_LINE_BEGINS_WITH: Final = frozenset("，。、；：？！）」』》〉”’,.;:?!)]%")


@dataclass(frozen=True, slots=True)
class _Look:
    """How a kind of block is set: its structure type, size, and the room before it, in points."""

    tag: str
    size: float
    before: float
    indent: float = 0.0


_LOOKS: Final = {
    BlockKind.TITLE: _Look("/H1", 20, 0),
    BlockKind.SECTION: _Look("/H2", 14, 20),
    BlockKind.RECORD: _Look("/H3", 11, 10),
    BlockKind.TEXT: _Look("/P", 10, 3, 10),
}
_LEADING: Final = 1.45


@dataclass(slots=True)
class _Line:
    """A line at its place on a page; ``mark`` tells which marked content it belongs to."""

    text: str
    size: float
    left: float
    base: float
    mark: int


@dataclass(slots=True)
class _Page:
    lines: list[_Line] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    """By number of marked content the number of the block."""


class PdfPrinter:
    """:class:`hkeid.ports.readable.DocumentPrinter`.

    :param font: path of a font with CFF outlines; None: Noto Sans CJK where Debian puts it.
    """

    def __init__(self, font: Path | None = None) -> None:
        self._font = font

    def render(self, document: ReadableDocument) -> bytes:
        """The file.

        :raises hkeid.kernel.errors.ConfigurationError: ``stamp_font_missing``,
            ``stamp_font_unusable``.
        """
        with closing(Typeface(self._font)) as typeface:
            return _Typesetter(typeface).render(document)


class _Typesetter:
    """Sets one document in a font that is open."""

    def __init__(self, typeface: Typeface) -> None:
        self._typeface = typeface

    def render(self, document: ReadableDocument) -> bytes:
        """The file."""
        blocks = tuple((one, self._drawable(one.text)) for one in document.blocks)
        pages = self._set(blocks)
        feet = [
            self._drawable(document.page_words % {"page": number, "pages": len(pages)})
            for number in range(1, len(pages) + 1)
        ]
        used = "".join({sign for _, text in blocks for sign in text} | {s for f in feet for s in f})
        subset = FontSubset(self._typeface, used.replace("\n", ""))
        return _write(document, pages, feet, subset)

    def _drawable(self, text: str) -> str:
        """``text`` with :data:`_UNKNOWN` for what the font has not; lines stay lines."""
        return "".join(sign if sign == "\n" or self._has(sign) else _UNKNOWN for sign in text)

    def _has(self, sign: str) -> bool:
        try:
            self._typeface.glyph(sign)
        except DocumentRefused:
            return False
        return True

    def _set(self, blocks: tuple[tuple[Block, str], ...]) -> list[_Page]:
        """Lines on pages, from the top; a heading never stands last on a page."""
        pages, at = [_Page()], _HEIGHT - _MARGIN
        for number, (block, text) in enumerate(blocks):
            look = _LOOKS[block.kind]
            lines = list(self._broken(text, look.size, _WIDTH - 2 * _MARGIN - look.indent))
            height = look.size * _LEADING
            keep = height * (1 if block.kind is BlockKind.TEXT else 4)
            if pages[-1].lines:
                at -= look.before
            mark = -1
            for line in lines:
                if at - max(height, keep if mark < 0 else height) < _MARGIN and pages[-1].lines:
                    pages.append(_Page())
                    at, mark = _HEIGHT - _MARGIN, -1
                if mark < 0:
                    mark = len(pages[-1].owners)
                    pages[-1].owners.append(number)
                at -= height
                left = _MARGIN + look.indent
                pages[-1].lines.append(_Line(line, look.size, left, at + look.size * 0.35, mark))
        return pages

    def _broken(self, text: str, size: float, room: float) -> Iterator[str]:
        """The lines of a text: broken at spaces, between ideographs, and anywhere if need be."""
        for paragraph in text.split("\n"):
            line, width = "", 0.0
            for piece in _pieces(paragraph):
                long = self._width(piece, size)
                if line and width + self._width(piece.rstrip(), size) > room:
                    yield line.rstrip()
                    line, width = "", 0.0
                for part, part_width in self._fitting(piece, long, size, room):
                    if line and width + part_width > room:
                        yield line.rstrip()
                        line, width = "", 0.0
                    line, width = line + part, width + part_width
            yield line.rstrip() or " "

    def _fitting(
        self, piece: str, long: float, size: float, room: float
    ) -> Iterator[tuple[str, float]]:
        if long <= room:
            yield piece, long
            return
        for sign in piece:
            yield sign, self._width(sign, size)

    def _width(self, text: str, size: float) -> float:
        units = sum(self._typeface.glyph(one).width for one in text)
        return units * size / self._typeface.units


def _pieces(paragraph: str) -> Iterator[str]:
    """What is not broken: words with the space after them, single ideographs with what may not begin a
    line.
    """
    piece = ""
    for sign in paragraph:
        wide = ord(sign) >= 0x2E80
        closes = sign in _NO_LINE_BEGINS_WITH
        if piece and not closes and (wide or piece[-1] == " " or ord(piece[-1]) >= 0x2E80):
            yield piece
            piece = ""
        piece += sign
    if piece:
        yield piece


def _write(
    document: ReadableDocument, pages: list[_Page], feet: list[str], subset: FontSubset
) -> bytes:
    writer = PdfFileWriter(stream_xrefs=False)
    font = subset.add_to(writer)
    resources = generic.DictionaryObject(
        {pdf_name("/Font"): generic.DictionaryObject({pdf_name("/F"): font})}
    )
    elements = _elements(document, writer)
    parents = generic.ArrayObject()
    for number, (page, foot) in enumerate(zip(pages, feet, strict=True)):
        content = generic.StreamObject(stream_data=_commands(document, page, foot, subset))
        content.compress()
        made = PageObject(writer.add_object(content), (0, 0, _WIDTH, _HEIGHT), resources)
        made[pdf_name("/StructParents")] = generic.NumberObject(number)
        made[pdf_name("/Tabs")] = pdf_name("/S")
        reference = writer.insert_page(made)
        for mark, owner in enumerate(page.owners):
            elements[owner].get_object()["/K"].append(_content(reference, mark))
        parents.append(generic.NumberObject(number))
        owners = generic.ArrayObject([elements[owner] for owner in page.owners])
        parents.append(writer.add_object(owners))
    _tag(writer, document, elements, parents)
    title = generic.DictionaryObject({pdf_name("/Title"): generic.pdf_string(document.title)})
    writer.set_info(writer.add_object(title))
    writer.document_meta.title = document.title
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def _elements(document: ReadableDocument, writer: PdfFileWriter) -> list[generic.IndirectObject]:
    """A structure element for each block, without content yet."""
    made = []
    for block in document.blocks:
        members: dict[Any, Any] = {
            pdf_name("/Type"): pdf_name("/StructElem"),
            pdf_name("/S"): pdf_name(_LOOKS[block.kind].tag),
            pdf_name("/K"): generic.ArrayObject(),
        }
        if block.language is not None and block.language != document.language:
            members[pdf_name("/Lang")] = generic.pdf_string(block.language)
        made.append(writer.add_object(generic.DictionaryObject(members)))
    return made


def _content(page: generic.IndirectObject, mark: int) -> generic.DictionaryObject:
    return generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/MCR"),
            pdf_name("/Pg"): page,
            pdf_name("/MCID"): generic.NumberObject(mark),
        }
    )


def _commands(document: ReadableDocument, page: _Page, foot: str, subset: FontSubset) -> bytes:
    commands: list[str] = []
    for mark, owner in enumerate(page.owners):
        tag = _LOOKS[document.blocks[owner].kind].tag
        commands.append(f"{tag} <</MCID {mark}>> BDC")
        commands += [
            f"BT /F {line.size:.2f} Tf {line.left:.2f} {line.base:.2f} Td "
            f"<{subset.encoded(line.text)}> Tj ET"
            for line in page.lines
            if line.mark == mark
        ]
        commands.append("EMC")
    commands.append(
        f"/Artifact BMC BT /F 8 Tf {_MARGIN:.2f} {_FOOT:.2f} Td <{subset.encoded(foot)}> Tj ET EMC"
    )
    return "\n".join(commands).encode("ascii")


def _tag(
    writer: PdfFileWriter,
    document: ReadableDocument,
    elements: list[generic.IndirectObject],
    parents: generic.ArrayObject,
) -> None:
    """The structure tree, the language and the title (§§14.7, 14.9.2; table 29)."""
    whole = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/StructElem"),
            pdf_name("/S"): pdf_name("/Document"),
            pdf_name("/K"): generic.ArrayObject(elements),
        }
    )
    body = writer.add_object(whole)
    for element in elements:
        element.get_object()[pdf_name("/P")] = body
    tree = writer.add_object(
        generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/StructTreeRoot"),
                pdf_name("/K"): body,
                pdf_name("/ParentTree"): writer.add_object(
                    generic.DictionaryObject({pdf_name("/Nums"): parents})
                ),
            }
        )
    )
    whole[pdf_name("/P")] = tree
    root = writer.root
    root[pdf_name("/StructTreeRoot")] = tree
    root[pdf_name("/MarkInfo")] = _flag("/Marked")
    root[pdf_name("/ViewerPreferences")] = _flag("/DisplayDocTitle")
    root[pdf_name("/Lang")] = generic.pdf_string(document.language)
    root[pdf_name("/Metadata")] = writer.add_object(_metadata(document))


def _flag(name: str) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(name): generic.BooleanObject(True)})  # noqa: FBT003


def _metadata(document: ReadableDocument) -> generic.StreamObject:
    """The title as XMP; where pyHanko has the packages for it, it writes one of its own in its place."""
    packet = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(document.title)}</rdf:li>'
        "</rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    )
    return generic.StreamObject(
        {pdf_name("/Type"): pdf_name("/Metadata"), pdf_name("/Subtype"): pdf_name("/XML")},
        stream_data=packet.encode("utf-8"),
    )
