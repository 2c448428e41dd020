"""Pictures from strangers: decoded within limits, or refused with a reason of ours."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from hkeid.adapters.images import (
    MAX_BYTES,
    decode,
    encode_jpeg,
    encode_png,
    open_container,
    shrink,
)
from hkeid.ports.documents import ImageRefused


def _picture(kind: str, size: tuple[int, int] = (40, 24), **options: Any) -> bytes:
    picture = Image.new("RGB", size, (200, 30, 10))
    picture.paste((0, 0, 255), (0, 0, size[0] // 2, size[1] // 2))
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


JPEG, PNG = _picture("JPEG"), _picture("PNG")
WEBP, WEBP_LOSSLESS = _picture("WEBP"), _picture("WEBP", lossless=True)
KINDS = [JPEG, PNG, WEBP, WEBP_LOSSLESS, _picture("JPEG", progressive=True)]


def _refused(data: bytes, **limits: int) -> str:
    with pytest.raises(ImageRefused) as refused:
        decode(data, **limits)
    return refused.value.reason


def _png_of(width: int, height: int, body: bytes = b"") -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("data", KINDS)
def test_pixels_are_blue_green_red(data: bytes) -> None:
    pixels = decode(data)
    assert (pixels.shape, pixels.dtype) == ((24, 40, 3), np.uint8)
    assert np.abs(pixels[20, 35].astype(int) - (10, 30, 200)).max() < 25
    assert np.abs(pixels[4, 4].astype(int) - (255, 0, 0)).max() < 25


@pytest.mark.parametrize("data", KINDS)
def test_every_cut_of_a_picture_is_refused(data: bytes) -> None:
    for end in range(0, len(data), max(1, len(data) // 60)):
        assert _refused(data[:end]) in {"image_empty", "image_malformed", "image_kind_unknown"}


@pytest.mark.parametrize("data", KINDS)
@pytest.mark.parametrize("tail", [b"PK\x03\x04 and more", b"<script>", b"%PDF-1.7\n"])
def test_something_behind_the_picture_is_refused(data: bytes, tail: bytes) -> None:
    assert _refused(data + tail) == "image_malformed"


def test_a_second_jpeg_behind_the_first_is_left_behind() -> None:
    """Phones put a brightness map there."""
    assert open_container(JPEG + JPEG).picture == open_container(JPEG).picture
    assert decode(JPEG + b"\0" * 64).shape == (24, 40, 3)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "image_empty"),
        (b"GIF89a" + b"\0" * 64, "image_kind_unknown"),
        (_picture("GIF"), "image_kind_unknown"),
        (_picture("TIFF"), "image_kind_unknown"),
        (_picture("BMP"), "image_kind_unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image_kind_unknown"),
        (b"%PDF-1.7", "image_kind_unknown"),
        (b"\xff\xd8\xff", "image_malformed"),
        (b"\xff\xd8\xff\xd9", "image_malformed"),
        (_png_of(0, 5), "image_malformed"),
        (_png_of(5, 5), "image_malformed"),
        (b"x" * (MAX_BYTES + 1), "image_too_large"),
    ],
)
def test_what_is_no_picture_for_us(data: bytes, reason: str) -> None:
    assert _refused(data) == reason


def test_a_bomb_is_refused_by_its_header() -> None:
    assert _refused(_png_of(60_000, 60_000, b"x")) == "image_too_many_pixels"
    jpeg = bytearray(JPEG)
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    assert _refused(bytes(jpeg)) == "image_too_many_pixels"
    assert _refused(PNG, max_pixels=40 * 24 - 1) == "image_too_many_pixels"
    assert decode(PNG, max_pixels=40 * 24).shape == (24, 40, 3)
    assert _refused(PNG, max_bytes=len(PNG) - 1) == "image_too_large"


def test_a_phones_twelve_megapixels_are_not_too_many() -> None:
    assert _refused(_png_of(4032, 3024, b"x")) == "image_malformed"  # the size was no reason


def test_many_scans_are_refused() -> None:
    """A progressive JPEG that repeats its scans costs time and shows nothing new."""
    data = _picture("JPEG", progressive=True)
    scan = data[data.index(b"\xff\xda") : -2]
    assert _refused(data[:-2] + scan * 30 + b"\xff\xd9") == "image_malformed"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animations_are_refused(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    written = io.BytesIO()
    frames[0].save(written, kind, save_all=True, append_images=frames[1:], duration=100)
    assert _refused(written.getvalue()) == "image_animated"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (0, -1)), (3, (-1, -1)), (4, (-1, 0)),
     (5, (0, 0)), (6, (0, -1)), (7, (-1, -1)), (8, (-1, 0))],
)  # fmt: skip
def test_exif_orientation_is_applied(kind: str, orientation: int, corner: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = decode(_picture(kind, exif=exif.tobytes()))
    assert pixels.shape[:2] == ((24, 40) if orientation < 5 else (40, 24))
    assert pixels[corner][0] > 180  # the blue quarter


def test_odd_exif_does_not_spoil_a_picture() -> None:
    assert decode(_picture("JPEG", exif=b"Exif\0\0nonsense")).shape == (24, 40, 3)


def test_metadata_does_not_come_out_again() -> None:
    exif = Image.Exif()
    exif[0x010E] = "22.3193 N 114.1694 E"
    data = _picture("JPEG", exif=exif.tobytes(), comment=b"a comment")
    assert b"114.1694" in data
    for written in (encode_jpeg(decode(data)), encode_png(decode(data))):
        assert b"114.1694" not in written
        assert b"comment" not in written
        assert decode(written).shape == (24, 40, 3)
    assert b"a comment" not in open_container(data).picture


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA", "I;16"])
def test_other_ways_to_store_pixels(mode: str) -> None:
    picture = Image.new(mode, (6, 4), 1 if mode in {"P", "1"} else None)
    written = io.BytesIO()
    picture.save(written, "PNG")
    assert decode(written.getvalue()).shape == (4, 6, 3)


def test_what_is_transparent_becomes_white() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (6, 4), (0, 0, 0, 0)).save(written, "PNG")
    assert decode(written.getvalue()).min() == 255


def test_cmyk() -> None:
    written = io.BytesIO()
    Image.new("CMYK", (8, 8)).save(written, "JPEG")
    assert decode(written.getvalue()).shape == (8, 8, 3)


def test_shrink() -> None:
    pixels = decode(JPEG)
    assert shrink(pixels, 20).shape == (12, 20, 3)
    assert shrink(pixels, 40) is pixels


@given(
    kind=st.sampled_from(KINDS),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=6),
    cut=st.floats(0, 1),
)
@example(kind=JPEG, changes=[], cut=0.5)
@settings(max_examples=300, deadline=None)
def test_damaged_pictures_raise_only_our_error(
    kind: bytes, changes: list[tuple[float, bytes]], cut: float
) -> None:
    data = bytearray(kind)
    for place, patch in changes:
        at = int(place * len(data))
        data[at : at + len(patch)] = patch
    for damaged in (bytes(data), bytes(data[: int(cut * len(data))])):
        try:
            pixels = decode(damaged)
        except ImageRefused:
            continue
        assert pixels.shape[2] == 3


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_noise_behind_a_known_beginning(noise: bytes) -> None:
    for beginning in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBPVP8 "):
        try:
            decode(beginning + noise)
        except ImageRefused:
            continue
