"""A font for stamps, read once: its glyphs are taken out one by one and remembered.

The font of a stamp has outlines in CFF, as Noto Sans CJK has. Reading it takes a third of a second; a stamp
with known characters takes milliseconds after that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hkeid.kernel.errors import ConfigurationError, MissingExtra
from hkeid.signing.errors import DocumentRefused

try:
    from fontTools.pens.boundsPen import BoundsPen
    from fontTools.pens.t2CharStringPen import T2CharStringPen
    from fontTools.ttLib import TTFont, TTLibError
except ImportError as error:
    raise MissingExtra(error.name or "fontTools", "signing") from None

_USUAL = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/local/share/fonts/NotoSansCJK-Regular.ttc"),
    Path("/Library/Fonts/NotoSansCJK-Regular.ttc"),
)
_FACE = "Noto Sans CJK HK"
_MOST_FACES = 16
_MOST_GLYPHS = 8192


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character: its width in font units, its outline, and the box around it."""

    width: int
    outline: Any
    bounds: tuple[float, float, float, float]


class Typeface:
    """A font file that is opened when the first character is asked for.

    :param path: OpenType file or collection; of a collection the face for Hong Kong is taken.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._font: Any = None
        self._characters: dict[int, str] = {}
        self._glyphs: dict[str, Glyph] = {}

    @property
    def units(self) -> int:
        """Font units in an em."""
        return int(self._opened()["head"].unitsPerEm)

    @property
    def ascent(self) -> int:
        """Font units above the base line."""
        return int(self._opened()["hhea"].ascent)

    @property
    def descent(self) -> int:
        """Font units below the base line, negative."""
        return int(self._opened()["hhea"].descent)

    def close(self) -> None:
        """Close the file; it is opened again with the next character."""
        if self._font is not None:
            self._font.close()
        self._font, self._characters, self._glyphs = None, {}, {}

    def glyph(self, character: str) -> Glyph:
        """The glyph of a character; the empty text stands for the sign of a missing one.

        :raises hkeid.kernel.errors.ConfigurationError: ``stamp_font_missing``,
            ``stamp_font_unusable``.
        :raises DocumentRefused: ``stamp_character_missing``.
        """
        known = self._glyphs.get(character)
        if known is None:
            if len(self._glyphs) >= _MOST_GLYPHS:
                self._glyphs.clear()
            known = self._glyphs[character] = self._drawn(character)
        return known

    def _drawn(self, character: str) -> Glyph:
        font = self._opened()
        name = ".notdef"
        if character:
            found = self._characters.get(ord(character))
            if found is None:
                raise DocumentRefused("stamp_character_missing", detail=f"U+{ord(character):04X}")
            name = found
        glyphs = font.getGlyphSet()
        width = int(font["hmtx"][name][0])
        pen = T2CharStringPen(width, glyphs)
        glyphs[name].draw(pen)
        around = BoundsPen(glyphs)
        glyphs[name].draw(around)
        return Glyph(width, pen.getCharString(), around.bounds or (0, 0, 0, 0))

    def _opened(self) -> Any:
        if self._font is None:
            path = self._path or next((one for one in _USUAL if one.is_file()), None)
            if path is None or not path.is_file():
                raise ConfigurationError(
                    "stamp_font_missing",
                    detail="a visible stamp needs a font; run: apt-get install fonts-noto-cjk, or name one",
                )
            self._font = _read(path)
            self._characters = self._font.getBestCmap() or {}
        return self._font


def _read(path: Path) -> Any:
    """The face for Hong Kong, or else the first.

    :raises hkeid.kernel.errors.ConfigurationError: ``stamp_font_unusable``.
    """
    faces = []
    try:
        for number in range(_MOST_FACES):
            try:
                face = TTFont(path, fontNumber=number, lazy=True)
            except TTLibError:
                if not number:
                    raise
                break
            faces.append(face)
            if face["name"].getDebugName(1) == _FACE:
                break
        chosen = faces[-1] if faces[-1]["name"].getDebugName(1) == _FACE else faces[0]
        for face in faces:
            if face is not chosen:
                face.close()
        if "CFF " not in chosen:
            raise ConfigurationError("stamp_font_unusable", detail=f"{path}: no CFF outlines")
    except (OSError, TTLibError, KeyError, ValueError) as error:
        detail = f"{path}: {type(error).__name__}"
        raise ConfigurationError("stamp_font_unusable", detail=detail) from None
    return chosen
