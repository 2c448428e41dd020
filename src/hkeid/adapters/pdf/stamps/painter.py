"""A stamp on its surface: a rule around, lines of text at the left, a QR code at the right."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from hkeid.adapters.pdf.stamps.qr_code import qr_rectangles
from hkeid.adapters.pdf.stamps.subset import FontSubset
from hkeid.adapters.pdf.stamps.typeface import Typeface
from hkeid.ports.pdf import Stamp, StampLine
from hkeid.signing.errors import DocumentRefused

_MARGIN = 4.0
_LEADING = 1.28
_SMALLEST = 3.0
_WIDEST_CODE = 0.4
_KEPT_SUBSETS = 64
_DIGITS = frozenset("0123456789")
# Grey that means the same on every device (ISO 32000-2 §8.6.5.2), with the white of sRGB.
_GREY = generic.ArrayObject(
    [
        pdf_name("/CalGray"),
        generic.DictionaryObject(
            {
                pdf_name("/WhitePoint"): generic.ArrayObject(
                    [generic.FloatObject(one) for one in ("0.9505", "1", "1.089")]
                ),
                pdf_name("/Gamma"): generic.FloatObject("2.2"),
            }
        ),
    ]
)


class StampPainter:
    """Makes appearances; fonts and subsets are kept from one stamp to the next.

    :param font: path of the font, or None for the usual one.
    """

    def __init__(self, font: Path | None = None) -> None:
        self._typeface = Typeface(font)
        self._subsets: OrderedDict[str, FontSubset] = OrderedDict()

    def paint(
        self, writer: BasePdfFileWriter, stamp: Stamp, width: float, height: float
    ) -> generic.IndirectObject:
        """A form XObject (ISO 32000-2 §8.10) of this size in points.

        :raises hkeid.kernel.errors.ConfigurationError: ``stamp_font_missing``,
            ``stamp_font_unusable``.
        :raises DocumentRefused: ``stamp_character_missing``, ``stamp_too_small``.
        """
        subset = self._subset("".join(line.text for line in stamp.lines))
        code = min(height, width * _WIDEST_CODE) if stamp.link else 0.0
        commands = ["q", "/G CS /G cs 0 SC 0 sc"]
        commands += self._text(stamp.lines, subset, width - code, height)
        if stamp.link:
            commands += qr_rectangles(
                stamp.link, left=width - code, bottom=height - code, side=code
            )
        commands += [f"0.5 w 0.25 0.25 {width - 0.5:.2f} {height - 0.5:.2f} re S", "Q"]
        form = generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): generic.ArrayObject(
                    [generic.FloatObject(f"{one:.2f}") for one in (0, 0, width, height)]
                ),
                pdf_name("/Resources"): _resources(subset.add_to(writer)),
            },
            stream_data="\n".join(commands).encode("ascii"),
        )
        form.compress()
        return writer.add_object(form)

    def _subset(self, text: str) -> FontSubset:
        # All digits always, so that the next second needs no other subset.
        key = "".join(sorted(set(text) | _DIGITS))
        known = self._subsets.pop(key, None) or FontSubset(self._typeface, key)
        self._subsets[key] = known
        if len(self._subsets) > _KEPT_SUBSETS:
            self._subsets.popitem(last=False)
        return known

    def _text(
        self, lines: tuple[StampLine, ...], subset: FontSubset, width: float, height: float
    ) -> list[str]:
        """The lines, all made smaller alike until they fit."""
        room = width - 2 * _MARGIN
        tallest = sum(line.size * _LEADING for line in lines)
        widest = max((self._width(line) for line in lines), default=0.0)
        if room <= 0 or height <= 2 * _MARGIN:
            raise DocumentRefused("stamp_too_small")
        scale = min(1.0, room / (widest or 1), (height - 2 * _MARGIN) / (tallest or 1))
        if any(line.size * scale < _SMALLEST for line in lines):
            raise DocumentRefused("stamp_too_small")
        at = height - _MARGIN
        commands = []
        for line in lines:
            size = line.size * scale
            at -= size * _LEADING
            base = at + size * (_LEADING - 0.95)
            commands.append(
                f"BT /F {size:.2f} Tf {_MARGIN:.2f} {base:.2f} Td <{subset.encoded(line.text)}> Tj ET"
            )
            if line.heading:
                commands.append(f"0.3 w {_MARGIN:.2f} {at:.2f} m {_MARGIN + room:.2f} {at:.2f} l S")
        return commands

    def _width(self, line: StampLine) -> float:
        units = sum(self._typeface.glyph(one).width for one in line.text)
        return units * line.size / self._typeface.units


def _resources(font: Any) -> generic.DictionaryObject:
    return generic.DictionaryObject(
        {
            pdf_name("/Font"): generic.DictionaryObject({pdf_name("/F"): font}),
            pdf_name("/ColorSpace"): generic.DictionaryObject({pdf_name("/G"): _GREY}),
        }
    )
