"""From a file to pixels and back, with Pillow; every failure is one of ours."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, TypeAlias

from hkeid.adapters.images.containers import MAX_BYTES, MAX_PIXELS, Container, open_container
from hkeid.kernel.errors import MissingExtra
from hkeid.ports.documents import ImageRefused

try:
    import numpy as np
    from PIL import Image, ImageOps
except ImportError as _missing:
    raise MissingExtra(_missing.name or "pillow", "ocr") from _missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[np.uint8]"
"""Height × width × 3, blue-green-red, as OpenCV has it."""

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> Pixels:
    """Decode a JPEG, PNG or WebP, turned upright as its Exif orientation says.

    :param max_bytes: longest file.
    :param max_pixels: largest width times height, checked before anything is decoded.
    :raises hkeid.ports.documents.ImageRefused: reasons ``image_empty``, ``image_too_large``,
        ``image_too_many_pixels``, ``image_malformed``, ``image_kind_unknown``, ``image_animated``.
    """
    container = open_container(bytes(data), max_bytes=max_bytes, max_pixels=max_pixels)
    try:
        return _decode(container)
    except ImageRefused:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises, the picture is what is wrong
        raise ImageRefused("image_malformed", detail=type(error).__name__) from None


def _decode(container: Container) -> Pixels:
    with Image.open(io.BytesIO(container.picture), formats=[container.kind]) as opened:
        if opened.size != (container.width, container.height):
            raise ImageRefused("image_malformed", detail="two sizes")
        opened.load()
        picture = _upright(_plain(opened), container.exif)
    return np.ascontiguousarray(np.asarray(picture, dtype=np.uint8)[:, :, ::-1])


def _plain(picture: Image.Image) -> Image.Image:
    """Red, green, blue; what is transparent becomes white, sixteen bits become eight."""
    if picture.mode.startswith(("I", "F")):
        deep = np.asarray(picture).astype(np.float64) / 257
        return Image.fromarray(deep.clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    return picture.convert("RGB")


def _upright(picture: Image.Image, exif: bytes) -> Image.Image:
    turn = _TURNS.get(_orientation(exif))
    return picture if turn is None else picture.transpose(turn)


def _orientation(exif: bytes) -> int:
    """The Exif orientation, 1 to 8; 1 where it cannot be read, for a photograph is still one."""
    if not exif:
        return 1
    try:
        read = Image.Exif()
        read.load(b"Exif\0\0" + exif)
        found = read.get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - Exif of phones is often odd, and the picture does not hang on it
        return 1
    return found if isinstance(found, int) else 1


def encode_jpeg(pixels: Pixels, *, quality: int = 90) -> bytes:
    """Encode as JPEG without any metadata."""
    written = io.BytesIO()
    _image(pixels).save(written, "JPEG", quality=quality)
    return written.getvalue()


def encode_png(pixels: Pixels) -> bytes:
    """Encode as PNG without any metadata."""
    written = io.BytesIO()
    _image(pixels).save(written, "PNG")
    return written.getvalue()


def shrink(pixels: Pixels, longest: int) -> Pixels:
    """The same picture with no side above ``longest`` pixels; smaller ones as they are."""
    height, width = pixels.shape[:2]
    if max(height, width) <= longest:
        return pixels
    small = ImageOps.contain(_image(pixels), (longest, longest), Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(small, dtype=np.uint8)[:, :, ::-1])


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1]))
