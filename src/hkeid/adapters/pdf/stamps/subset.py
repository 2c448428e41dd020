"""The glyphs of one stamp as a font in the file: Type 0 over a CIDFont with CFF outlines (ISO 32000-2 §9.7)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from fontTools.fontBuilder import FontBuilder
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from hkeid.adapters.pdf.stamps.typeface import Typeface

_TAG_LETTERS = 6


class FontSubset:
    """The characters that were asked for, numbered from 1; 0 is the sign of a missing one."""

    def __init__(self, typeface: Typeface, text: str) -> None:
        self._typeface = typeface
        self._characters = sorted(set(text))
        self._numbers = {one: place for place, one in enumerate(self._characters, 1)}
        for one in self._characters:
            typeface.glyph(one)  # whatever is missing is said before anything is written

    def encoded(self, text: str) -> str:
        """``text`` as the hexadecimal string that shows it."""
        return "".join(f"{self._numbers[one]:04X}" for one in text)

    def add_to(self, writer: BasePdfFileWriter) -> generic.IndirectObject:
        """Write the font; a reference to it."""
        name = self._name
        descendant = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Font"),
                pdf_name("/Subtype"): pdf_name("/CIDFontType0"),
                pdf_name("/BaseFont"): pdf_name(name),
                pdf_name("/CIDSystemInfo"): generic.DictionaryObject(
                    {
                        pdf_name("/Registry"): generic.pdf_string("Adobe"),
                        pdf_name("/Ordering"): generic.pdf_string("Identity"),
                        pdf_name("/Supplement"): generic.NumberObject(0),
                    }
                ),
                pdf_name("/DW"): generic.NumberObject(1000),
                pdf_name("/W"): self._widths(),
                pdf_name("/FontDescriptor"): writer.add_object(
                    self._descriptor(writer, name, writer.add_object(_copy(self._file)))
                ),
            }
        )
        return writer.add_object(
            generic.DictionaryObject(
                {
                    pdf_name("/Type"): pdf_name("/Font"),
                    pdf_name("/Subtype"): pdf_name("/Type0"),
                    pdf_name("/BaseFont"): pdf_name(name),
                    pdf_name("/Encoding"): pdf_name("/Identity-H"),
                    pdf_name("/DescendantFonts"): generic.ArrayObject(
                        [writer.add_object(descendant)]
                    ),
                    pdf_name("/ToUnicode"): writer.add_object(_copy(self._unicode_map)),
                }
            )
        )

    def _glyphs(self) -> list[Any]:
        return [self._typeface.glyph(one) for one in ("", *self._characters)]

    @cached_property
    def _file(self) -> generic.StreamObject:
        """The font file, compressed once: it is the same in every document."""
        file = generic.StreamObject(
            {pdf_name("/Subtype"): pdf_name("/CIDFontType0C")},
            stream_data=self._compiled(self._name[1:]),
        )
        return _kept(file)

    @cached_property
    def _unicode_map(self) -> generic.StreamObject:
        return _kept(generic.StreamObject(stream_data=self._to_unicode()))

    @cached_property
    def _name(self) -> str:
        return f"/{self._tag()}+HkeidStamp"

    def _compiled(self, name: str) -> bytes:
        """A CFF table whose glyph numbers are the character identifiers (ISO 32000-2 §9.7.4.2)."""
        glyphs = self._glyphs()
        order = [".notdef", *(f"g{number}" for number in range(1, len(glyphs)))]
        builder = FontBuilder(self._typeface.units, isTTF=False)
        builder.setupGlyphOrder(order)
        outlines = {one: glyph.outline for one, glyph in zip(order, glyphs, strict=True)}
        builder.setupCFF(name, {"FullName": name}, outlines, {})
        table = builder.font["CFF "]
        return bytes(table.compile(builder.font))

    def _descriptor(
        self, writer: BasePdfFileWriter, name: str, file: generic.IndirectObject
    ) -> generic.DictionaryObject:
        # CIDSet (table 122): which identifiers there are; PDF/A-1 wants it.
        count = len(self._characters) + 1
        present = int("1" * count + "0" * (-count % 8), 2).to_bytes((count + 7) // 8, "big")
        numbers = {
            "/Flags": 4,
            "/ItalicAngle": 0,
            "/Ascent": self._scaled(self._typeface.ascent),
            "/Descent": self._scaled(self._typeface.descent),
            "/CapHeight": 733,
            "/StemV": 80,
        }
        return generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/FontDescriptor"),
                pdf_name("/FontName"): pdf_name(name),
                pdf_name("/FontBBox"): generic.ArrayObject(
                    [generic.NumberObject(one) for one in self._bounds()]
                ),
                **{pdf_name(key): generic.NumberObject(one) for key, one in numbers.items()},
                pdf_name("/FontFile3"): file,
                pdf_name("/CIDSet"): writer.add_object(generic.StreamObject(stream_data=present)),
            }
        )

    def _bounds(self) -> list[int]:
        boxes = [glyph.bounds for glyph in self._glyphs()]
        lows = [min(box[side] for box in boxes) for side in (0, 1)]
        highs = [max(box[side] for box in boxes) for side in (2, 3)]
        return [self._scaled(one) for one in (*lows, *highs)]

    def _widths(self) -> generic.ArrayObject:
        widths = [generic.NumberObject(self._scaled(glyph.width)) for glyph in self._glyphs()]
        return generic.ArrayObject([generic.NumberObject(0), generic.ArrayObject(widths)])

    def _scaled(self, value: float) -> int:
        return round(value * 1000 / self._typeface.units)

    def _to_unicode(self) -> bytes:
        """The map back to text (§9.10.3), in blocks of at most 100."""
        lines = [
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
            "1 begincodespacerange <0000> <FFFF> endcodespacerange",
        ]
        pairs = [
            f"<{number:04X}> <{one.encode('utf-16-be').hex().upper()}>"
            for one, number in self._numbers.items()
        ]
        for start in range(0, len(pairs), 100):
            block = pairs[start : start + 100]
            lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
        lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
        return "\n".join(lines).encode("ascii")

    def _tag(self) -> str:
        """Six letters that differ from subset to subset (§9.9.2)."""
        import hashlib

        digest = hashlib.sha256("".join(self._characters).encode()).digest()
        return "".join(chr(ord("A") + one % 26) for one in digest[:_TAG_LETTERS])


def _kept(stream: generic.StreamObject) -> generic.StreamObject:
    """A stream whose compressed content is made now."""
    stream.compress()
    return generic.StreamObject(dict(stream), encoded_data=stream.encoded_data)


def _copy(stream: generic.StreamObject) -> generic.StreamObject:
    """The same content for another writer, which numbers its objects itself."""
    return generic.StreamObject(dict(stream), encoded_data=stream.encoded_data)
