"""The fonts that a card is printed with: the Noto CJK family, found where systems keep fonts."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from hkeid.kernel.errors import ConfigurationError

SERIF, SANS = "NotoSerifCJK", "NotoSansCJK"
_PLACES = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
    Path("/Library/Fonts"),
    Path.home() / "Library/Fonts",
)
_SCRIPTS = ("HK", "TC")
_MOST_FACES = 32


@lru_cache(maxsize=64)
def font(family: str, size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """A font of that family with the letter forms of Hong Kong (else of Taiwan).

    :raises hkeid.kernel.errors.ConfigurationError: reason ``fonts_missing``.
    """
    path, index = _face(family, "Bold" if bold else "Regular")
    return ImageFont.truetype(path, size, index=index)


@lru_cache(maxsize=8)
def _face(family: str, weight: str) -> tuple[str, int]:
    for place in _PLACES:
        for path in sorted(place.rglob(f"{family}-{weight}.ttc")) if place.is_dir() else ():
            found = _with_script(str(path))
            if found is not None:
                return str(path), found
    raise ConfigurationError(
        "fonts_missing",
        detail=f"no {family}-{weight}.ttc on this machine; on Debian: apt install fonts-noto-cjk",
    )


def _with_script(path: str) -> int | None:
    """Number of the face for Hong Kong in a collection."""
    names: list[str] = []
    for index in range(_MOST_FACES):
        try:
            name = ImageFont.truetype(path, 16, index=index).getname()[0] or ""
        except OSError:
            break
        names.append("" if "Mono" in name else name)
    for script in _SCRIPTS:
        for index, name in enumerate(names):
            if name.endswith(script):
                return index
    return None
