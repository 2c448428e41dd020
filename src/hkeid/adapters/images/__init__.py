"""Encoded pictures from outside, decoded within limits, and encoded again without their metadata.

Whoever takes a picture from a stranger decodes it here and nowhere else. What comes out is an
array of plain pixels; what went in is not looked at again. ::

    pixels = decode(upload)              # height × width × 3, blue-green-red
    kept = encode_jpeg(pixels)           # no metadata, no trailing bytes
"""

from hkeid.adapters.images.containers import MAX_BYTES, MAX_PIXELS, Container, open_container
from hkeid.adapters.images.decoding import Pixels, decode, encode_jpeg, encode_png, shrink

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "Container",
    "Pixels",
    "decode",
    "encode_jpeg",
    "encode_png",
    "open_container",
    "shrink",
]
