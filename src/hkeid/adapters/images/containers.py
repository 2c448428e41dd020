"""The outside of a picture: what kind it is, how large it says it is, where it ends.

All of it is read before a decoder sees a byte. Only the parts that make the picture are passed on:
comments, profiles, thumbnails, text and whatever follows the end stay behind, so that a file that
is a picture *and* something else loses the something else or is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hkeid.ports.documents import ImageRefused

MAX_BYTES = 8 * 1024 * 1024
"""8 MB."""

MAX_PIXELS = 12 * 1024 * 1024
"""12 megapixels (binary): a phone's 4032 × 3024 fits."""

_MAX_SCANS = 24
"""A progressive JPEG repeats itself; more passes than this only cost time."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_PNG_ANIMATED = frozenset({b"acTL", b"fcTL", b"fdAT"})
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Container:
    """A picture taken out of its file.

    :ivar kind: ``JPEG``, ``PNG`` or ``WEBP``.
    :ivar picture: a file of that kind that holds the picture alone.
    :ivar exif: the Exif block (for the orientation), or empty.
    """

    kind: str
    width: int
    height: int
    picture: bytes
    exif: bytes = b""

    def __repr__(self) -> str:
        return f"Container({self.kind}, {self.width} × {self.height})"


def open_container(
    data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS
) -> Container:
    """Find the picture in a file, without decoding it.

    :param max_bytes: longest file.
    :param max_pixels: largest width times height.
    :raises hkeid.ports.documents.ImageRefused: reasons ``image_empty``, ``image_too_large``,
        ``image_too_many_pixels``, ``image_malformed``, ``image_kind_unknown``, ``image_animated``.
    """
    if not data:
        raise ImageRefused("image_empty")
    if len(data) > max_bytes:
        raise ImageRefused("image_too_large", detail=f"{len(data)} bytes")
    if data.startswith(b"\xff\xd8\xff"):
        found = _jpeg(data)
    elif data.startswith(_PNG):
        found = _png(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        found = _webp(data)
    else:
        raise ImageRefused("image_kind_unknown")
    if not (found.width and found.height):
        raise _malformed("no size")
    if found.width * found.height > max_pixels:
        raise ImageRefused("image_too_many_pixels", detail=f"{found.width} × {found.height}")
    return found


def _malformed(detail: str) -> ImageRefused:
    return ImageRefused("image_malformed", detail=detail)


def _number(data: bytes, start: int, length: int, *, little: bool = False) -> int:
    part = data[start : start + length]
    if len(part) < length:
        raise _malformed("cut off")
    return int.from_bytes(part, "little" if little else "big")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of every segment up to and with the end of the image."""
    at = 2
    while True:
        while data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if data[at : at + 1] != b"\xff":
            raise _malformed("no marker where one belongs")
        marker = _number(data, at + 1, 1)
        if marker == 0xD9:
            yield marker, at, at + 2
            return
        if marker in {0x00, 0x01} or 0xD0 <= marker <= 0xD8:
            raise _malformed("a marker that does not belong here")
        length = _number(data, at + 2, 2)
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise _malformed("a segment is cut off")
        if marker == 0xDA:  # the scan's data go on to the next marker
            found = _JPEG_MARKER.search(data, end)
            if found is None:
                raise _malformed("no end of image")
            end = found.start()
        yield marker, at, end
        at = end


def _jpeg(data: bytes) -> Container:
    """JPEG. A second picture behind the first (depth or brightness map of a phone) is left behind."""
    kept, exif, size, scans, end = [b"\xff\xd8"], b"", (0, 0), 0, 0
    for marker, start, end in _jpeg_segments(data):
        segment = data[start:end]
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            exif = exif or segment[10:]
        if marker in _JPEG_FRAMES:
            if size != (0, 0):
                raise _malformed("two frames")
            size = (_number(segment, 7, 2), _number(segment, 5, 2))
        if marker == 0xDA:
            scans += 1
            if scans > _MAX_SCANS:
                raise _malformed("too many scans")
        # Kept of the application data: what says how colours are coded (JFIF, Adobe).
        if not (0xE1 <= marker <= 0xED or marker in {0xEF, 0xFE}):
            kept.append(segment)
    rest = data[end:]
    if rest.strip(b"\0") and not rest.startswith(b"\xff\xd8\xff"):
        raise _malformed("something follows the picture")
    if not scans:
        raise _malformed("no scan")
    return Container(kind="JPEG", width=size[0], height=size[1], picture=b"".join(kept), exif=exif)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of every chunk up to and with the last."""
    at, name = len(_PNG), b""
    while name != b"IEND":
        length = _number(data, at, 4)
        name = data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise _malformed("a chunk is cut off")
        if (name == b"IHDR") != (at == len(_PNG)) or (name == b"IHDR" and length != 13):
            raise _malformed("the header does not come first, and once")
        yield name, at, end
        at = end


def _png(data: bytes) -> Container:
    kept, exif, size, end = [_PNG], b"", (0, 0), 0
    for name, start, end in _png_chunks(data):
        if name in _PNG_ANIMATED:
            raise ImageRefused("image_animated")
        if name == b"IHDR":
            size = (_number(data, start + 8, 4), _number(data, start + 12, 4))
        if name == b"eXIf":
            exif = data[start + 8 : end - 4]
        if name in _PNG_KEPT:
            kept.append(data[start:end])
    if data[end:]:
        raise _malformed("something follows the picture")
    return Container(kind="PNG", width=size[0], height=size[1], picture=b"".join(kept), exif=exif)


def _webp(data: bytes) -> Container:
    if _number(data, 4, 4, little=True) + 8 != len(data):
        raise _malformed("cut off, or something follows the picture")
    at, stream, exif = 12, b"", b""
    while at < len(data):
        name = data[at : at + 4]
        length = _number(data, at + 4, 4, little=True)
        end = at + 8 + length + length % 2
        if end > len(data):
            raise _malformed("a chunk is cut off")
        if name in {b"ANIM", b"ANMF"} or (name == b"VP8X" and _number(data, at + 8, 1) & 0x02):
            raise ImageRefused("image_animated")
        if name == b"EXIF":
            exif = data[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0")
        if name in {b"VP8 ", b"VP8L"}:
            if stream:
                raise _malformed("two pictures")
            stream = data[at:end]
        at = end
    width, height = _webp_size(stream)
    riff = b"RIFF" + (len(stream) + 4).to_bytes(4, "little") + b"WEBP" + stream
    return Container(kind="WEBP", width=width, height=height, picture=riff, exif=exif)


def _webp_size(stream: bytes) -> tuple[int, int]:
    if stream[:4] == b"VP8 " and stream[11:14] == b"\x9d\x01\x2a":
        width, height = (_number(stream, at, 2, little=True) & 0x3FFF for at in (14, 16))
        return width, height
    if stream[:4] == b"VP8L" and stream[8:9] == b"\x2f":
        bits = _number(stream, 9, 4, little=True)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise _malformed("no picture inside")
