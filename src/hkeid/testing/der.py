"""A small DER writer, for test documents that may break rules no library would let them break."""

from __future__ import annotations

from datetime import datetime


def tlv(tag: int, *parts: bytes) -> bytes:
    """One object: a tag of one to three bytes, the shortest length, the parts in order."""
    value = b"".join(parts)
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + length(len(value)) + value


def length(size: int) -> bytes:
    """The shortest length field for ``size`` bytes."""
    if size < 0x80:
        return bytes([size])
    width = (size.bit_length() + 7) // 8
    return bytes([0x80 | width]) + size.to_bytes(width, "big")


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE."""
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """SET OF, its members sorted as DER wants."""
    return tlv(0x31, *sorted(parts))


def integer(value: int) -> bytes:
    """INTEGER, not negative."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    """OCTET STRING."""
    return tlv(0x04, value)


def bits(value: bytes, unused: int = 0) -> bytes:
    """BIT STRING."""
    return tlv(0x03, bytes([unused]), value)


def boolean(*, value: bool) -> bytes:
    """BOOLEAN."""
    return tlv(0x01, b"\xff" if value else b"\x00")


NULL = b"\x05\x00"


def context(number: int, *parts: bytes, primitive: bool = False) -> bytes:
    """``[number]``, constructed unless ``primitive``."""
    return tlv((0x80 if primitive else 0xA0) | number, *parts)


def oid_value(dotted: str) -> bytes:
    """The content bytes of an object identifier."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    out = bytearray()
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        out += bytes(reversed(groups))
    return bytes(out)


def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER."""
    return tlv(0x06, oid_value(dotted))


def text(value: str) -> bytes:
    """UTF8String."""
    return tlv(0x0C, value.encode())


def printable(value: str) -> bytes:
    """PrintableString."""
    return tlv(0x13, value.encode("ascii"))


def moment(value: datetime) -> bytes:
    """UTCTime until 2049, GeneralizedTime after (RFC 5280 §4.1.2.5)."""
    if value.year < 2050:
        return tlv(0x17, f"{value:%y%m%d%H%M%SZ}".encode())
    return tlv(0x18, f"{value:%Y%m%d%H%M%SZ}".encode())
