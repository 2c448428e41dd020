"""A writer of DER (ITU-T X.690 §10), and as much reading as certificates need.

Values are put together as bytes, inside out: a structure of the size of a signature takes microseconds
where a library of objects takes milliseconds. What comes out is DER by construction: definite lengths
in the fewest bytes, integers in the fewest bytes, sets in the order of their encodings.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from hkeid.kernel.errors import MalformedInput

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30
SET = 0x31

_DEEPEST_LENGTH = 4


def tlv(tag: int, *contents: bytes) -> bytes:
    """One element: ``tag`` (one byte, X.690 §8.1.2.4), the length, and the contents one after another."""
    content = b"".join(contents)
    return bytes((tag,)) + _length(len(content)) + content


def _length(size: int) -> bytes:
    """X.690 §10.1: the definite form, in the fewest octets."""
    if size < 0x80:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def sequence(*elements: bytes) -> bytes:
    """SEQUENCE, the elements in this order."""
    return tlv(SEQUENCE, *elements)


def set_of(elements: Iterable[bytes], *, tag: int = SET) -> bytes:
    """SET OF: the encodings in ascending order (X.690 §11.6).

    :param tag: another one where the set is tagged implicitly, as CMS does.
    """
    return tlv(tag, *sorted(elements, key=_SetOrder))


class _SetOrder(bytes):
    """X.690 §11.6 compares as if the shorter one were padded with zeros."""

    __slots__ = ()

    def __lt__(self, other: bytes) -> bool:
        longest = max(len(self), len(other))
        return self.ljust(longest, b"\0") < bytes(other).ljust(longest, b"\0")


def integer(value: int) -> bytes:
    """INTEGER in the fewest octets (X.690 §8.3.2), two's complement."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return tlv(INTEGER, value.to_bytes(size, "big", signed=True))


def octet_string(value: bytes) -> bytes:
    """OCTET STRING."""
    return tlv(OCTET_STRING, value)


def null() -> bytes:
    """NULL."""
    return b"\x05\x00"


def tagged(number: int, *contents: bytes) -> bytes:
    """A constructed element of the context class: ``[number]``, explicit around one element or implicit
    in the place of a SEQUENCE or SET.
    """
    if not 0 <= number <= 30:
        raise ValueError(f"tag number {number} needs more than one octet")
    return tlv(0xA0 | number, *contents)


@lru_cache(maxsize=256)
def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER out of dotted text (X.690 §8.19)."""
    arcs = [int(arc) for arc in dotted.split(".")]
    if len(arcs) < 2 or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] > 39) or min(arcs) < 0:
        raise ValueError(f"not an object identifier: {dotted}")
    content = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        content += bytes(reversed(septets))
    return tlv(OBJECT_IDENTIFIER, bytes(content))


def algorithm(dotted: str, *parameters: bytes) -> bytes:
    """AlgorithmIdentifier (RFC 5280 §4.1.1.2)."""
    return sequence(oid(dotted), *parameters)


def elements(encoded: bytes) -> list[tuple[int, bytes, bytes]]:
    """The elements that stand side by side in ``encoded``: tag, contents, and the whole of each.

    :raises hkeid.kernel.errors.MalformedInput: ``der_malformed``: tags of several octets, indefinite
        lengths, lengths in more octets than need be, or bytes that are missing.
    """
    found = []
    at = 0
    while at < len(encoded):
        tag, start, end = _header(encoded, at)
        found.append((tag, encoded[start:end], encoded[at:end]))
        at = end
    return found


def only_element(encoded: bytes) -> tuple[int, bytes]:
    """Tag and contents where there must be one element and nothing after it.

    :raises hkeid.kernel.errors.MalformedInput: ``der_malformed``.
    """
    found = elements(encoded)
    if len(found) != 1:
        raise MalformedInput("der_malformed", detail=f"{len(found)} elements instead of one")
    return found[0][0], found[0][1]


def _header(encoded: bytes, at: int) -> tuple[int, int, int]:
    """Tag, and where the contents begin and end."""
    if at + 2 > len(encoded):
        raise MalformedInput("der_malformed", detail="truncated")
    tag, length = encoded[at], encoded[at + 1]
    start = at + 2
    if tag & 0x1F == 0x1F:
        raise MalformedInput("der_malformed", detail="tag of several octets")
    if length >= 0x80:
        count = length & 0x7F
        octets = encoded[start : start + count]
        if not 0 < count <= _DEEPEST_LENGTH or len(octets) != count:
            raise MalformedInput("der_malformed", detail="length")
        start += count
        length = int.from_bytes(octets, "big")
        if length < 0x80 or not octets[0]:
            raise MalformedInput("der_malformed", detail="length not in its shortest form")
    if start + length > len(encoded):
        raise MalformedInput("der_malformed", detail="truncated")
    return tag, start, start + length
