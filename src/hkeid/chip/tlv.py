"""A strict reader and writer of BER-TLV (ISO/IEC 7816-4 §5.2.2, ITU-T X.690).

Everything is bounded: tags of at most three bytes, lengths of at most four, nesting, and the number
of elements of one value. Indefinite lengths are refused; a length that is longer than it need be is
accepted, because cards in the field send such. No byte is read beyond the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hkeid.chip.errors import CardMalformed
from hkeid.chip.findings import FindingCode

LONGEST = 1 << 20
"""Most bytes of one value."""
ELEMENTS = 1024
"""Most elements side by side."""
DEPTH = 16
"""Deepest nesting that :func:`parse_tree` follows."""


class Truncated(CardMalformed):
    """The bytes end inside a tag, a length or a value (reason ``tlv_truncated``)."""

    def __init__(self) -> None:
        super().__init__(FindingCode.TLV_TRUNCATED)


@dataclass(frozen=True, slots=True)
class Tlv:
    """One element: ``tag`` with all its bytes as one number (``0x7F49``), ``value``, and ``raw``."""

    tag: int
    value: bytes
    raw: bytes

    @property
    def constructed(self) -> bool:
        """Whether the value is elements again."""
        width = max(1, (self.tag.bit_length() + 7) // 8)
        return bool(self.tag >> (8 * (width - 1)) & 0x20)

    def children(self) -> tuple[Tlv, ...]:
        """The elements of which the value consists.

        :raises CardMalformed: ``tlv_malformed``, ``tlv_truncated``.
        """
        return parse_all(self.value)

    def find(self, *path: int) -> Tlv | None:
        """The first element along ``path`` of tags, or None."""
        here = self
        for tag in path:
            found = next((child for child in here.children() if child.tag == tag), None)
            if found is None:
                return None
            here = found
        return here


def read_header(data: bytes, at: int = 0) -> tuple[int, int, int]:
    """Tag, length of the value and offset of the value, of the element at ``at``.

    :raises CardMalformed: ``tlv_malformed``, ``tlv_truncated``, ``tlv_too_long``.
    """
    tag, at = _tag(data, at)
    length, at = _length(data, at)
    if length > LONGEST:
        raise CardMalformed(FindingCode.TLV_TOO_LONG)
    return tag, length, at


def _tag(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise Truncated
    tag = data[at]
    at += 1
    if tag & 0x1F != 0x1F:
        return tag, at
    for _ in range(2):
        if at >= len(data):
            raise Truncated
        byte = data[at]
        tag = tag << 8 | byte
        at += 1
        if not byte & 0x80:
            return tag, at
    raise CardMalformed(FindingCode.TLV_MALFORMED, detail="tag of more than three bytes")


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise Truncated
    first = data[at]
    at += 1
    if first < 0x80:
        return first, at
    size = first & 0x7F
    if not 1 <= size <= 4:
        raise CardMalformed(FindingCode.TLV_MALFORMED, detail="form of length")
    if at + size > len(data):
        raise Truncated
    return int.from_bytes(data[at : at + size], "big"), at + size


def parse_at(data: bytes, at: int = 0) -> tuple[Tlv, int]:
    """The element at ``at`` and the offset after it.

    :raises CardMalformed: ``tlv_malformed``, ``tlv_truncated``, ``tlv_too_long``.
    """
    tag, length, start = read_header(data, at)
    end = start + length
    if end > len(data):
        raise Truncated
    return Tlv(tag, data[start:end], data[at:end]), end


def parse_one(data: bytes, expected: int | None = None) -> Tlv:
    """The one element that ``data`` is; ``expected`` is the tag it must have.

    :raises CardMalformed: ``tlv_leftover`` where bytes follow, ``tlv_tag_unexpected``, and as
        :func:`parse_at`.
    """
    element, end = parse_at(data)
    if end != len(data):
        raise CardMalformed(FindingCode.TLV_LEFTOVER)
    if expected is not None and element.tag != expected:
        raise CardMalformed(
            FindingCode.TLV_TAG_UNEXPECTED, detail=f"{element.tag:X} for {expected:X}"
        )
    return element


def parse_all(data: bytes) -> tuple[Tlv, ...]:
    """The elements of which ``data`` consists, to its last byte.

    :raises CardMalformed: ``tlv_malformed`` (also: too many elements) and as :func:`parse_at`.
    """
    return tuple(_elements(data))


def _elements(data: bytes) -> Iterator[Tlv]:
    at = 0
    for _ in range(ELEMENTS):
        if at == len(data):
            return
        element, at = parse_at(data, at)
        yield element
    if at != len(data):
        raise CardMalformed(FindingCode.TLV_MALFORMED, detail="too many elements")


def parse_tree(data: bytes) -> tuple[tuple[int, Tlv], ...]:
    """Every element with its depth, constructed ones before their parts; all of it bounded.

    :raises CardMalformed: as :func:`parse_all`; deeper than :data:`DEPTH` is ``tlv_malformed``.
    """
    found: list[tuple[int, Tlv]] = []
    waiting = [(0, element) for element in reversed(parse_all(data))]
    while waiting:
        depth, element = waiting.pop()
        found.append((depth, element))
        if len(found) > ELEMENTS:
            raise CardMalformed(FindingCode.TLV_MALFORMED, detail="too many elements")
        if element.constructed:
            if depth + 1 >= DEPTH:
                raise CardMalformed(FindingCode.TLV_MALFORMED, detail="too deep")
            waiting += [(depth + 1, child) for child in reversed(element.children())]
    return tuple(found)


def encode_length(length: int) -> bytes:
    """A length in as few bytes as it takes."""
    if length < 0x80:
        return bytes((length,))
    body = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(body),)) + body


def encode(tag: int, *values: bytes) -> bytes:
    """One element: ``tag`` as one number, its value the ``values`` one after the other."""
    value = b"".join(values)
    head = tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big")
    return head + encode_length(len(value)) + value
