"""Object identifiers between dotted text and their DER value bytes (X.690 §8.19)."""

from __future__ import annotations

from hkeid.chip.errors import CardMalformed
from hkeid.chip.findings import FindingCode

_LONGEST = 64


def decode_oid(value: bytes) -> str:
    """Dotted text of the value bytes of an OBJECT IDENTIFIER.

    :raises CardMalformed: ``tlv_malformed``.
    """
    if not value or len(value) > _LONGEST or value[-1] & 0x80:
        raise CardMalformed(FindingCode.TLV_MALFORMED, detail="object identifier")
    arcs: list[int] = []
    arc = 0
    for byte in value:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def encode_oid(dotted: str) -> bytes:
    """The value bytes of an OBJECT IDENTIFIER in dotted text."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return b"".join(_base128(arc) for arc in (40 * first + second, *rest))


def _base128(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(arc & 0x7F | 0x80)
    return bytes(reversed(digits))
