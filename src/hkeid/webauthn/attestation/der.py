"""A reader for the little DER that attestation extensions hold (X.690 §8, §10)."""

from __future__ import annotations

from typing import NamedTuple

SEQUENCE = 0x30
SET = 0x31
INTEGER = 0x02
OCTET_STRING = 0x04
ENUMERATED = 0x0A
_CONTEXT = 0xA0
_CLASS_AND_FORM = 0xE0


class NotDer(Exception):
    """The bytes are not the DER that was expected. Caught by the formats."""


class Element(NamedTuple):
    """One element: first identifier octet, tag number, content."""

    identifier: int
    number: int
    content: bytes

    @property
    def is_context(self) -> bool:
        """Whether it is constructed and context-specific: an explicit tag."""
        return self.identifier & _CLASS_AND_FORM == _CONTEXT


def read_all(data: bytes) -> list[Element]:
    """The elements that fill ``data`` exactly.

    :raises NotDer: truncated, or not in the shortest form.
    """
    elements = []
    at = 0
    while at < len(data):
        element, at = _read(data, at)
        elements.append(element)
    return elements


def read_one(data: bytes, identifier: int) -> bytes:
    """The content of the one element that ``data`` is.

    :raises NotDer: something else is there.
    """
    elements = read_all(data)
    if len(elements) != 1:
        raise NotDer
    return expect(elements[0], identifier)


def expect(element: Element, identifier: int) -> bytes:
    """The element's content, if its identifier octet is this one.

    :raises NotDer: it is something else.
    """
    if element.identifier != identifier:
        raise NotDer
    return element.content


def integer(content: bytes) -> int:
    """A two's-complement integer in the shortest form.

    :raises NotDer: it is not.
    """
    if not content or (len(content) > 1 and content[0] in (0, 0xFF) and _padded(content)):
        raise NotDer
    return int.from_bytes(content, "big", signed=True)


def _padded(content: bytes) -> bool:
    return (content[0] == 0) == (content[1] < 0x80)


def _read(data: bytes, at: int) -> tuple[Element, int]:
    identifier, number, at = _identifier(data, at)
    length, at = _length(data, at)
    if at + length > len(data):
        raise NotDer
    return Element(identifier, number, data[at : at + length]), at + length


def _identifier(data: bytes, at: int) -> tuple[int, int, int]:
    octet = data[at]
    at += 1
    number = octet & 0x1F
    if number < 0x1F:
        return octet, number, at
    number = 0
    for count in range(3):  # 21 bits; Android's tags need ten
        if at >= len(data):
            raise NotDer
        piece = data[at]
        at += 1
        if count == 0 and piece == 0x80:
            raise NotDer
        number = number << 7 | piece & 0x7F
        if not piece & 0x80:
            if number < 0x1F:
                raise NotDer
            return octet, number, at
    raise NotDer


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise NotDer
    first = data[at]
    at += 1
    if first < 0x80:
        return first, at
    size = first & 0x7F
    if not 1 <= size <= 3 or at + size > len(data):
        raise NotDer
    length = int.from_bytes(data[at : at + size], "big")
    if length < 0x80 or length >> 8 * (size - 1) == 0:
        raise NotDer
    return length, at + size
