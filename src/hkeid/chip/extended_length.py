"""Whether a card says in its answer to reset that it takes extended length (ISO/IEC 7816-4 §12.1)."""

from __future__ import annotations

from hkeid.chip.apdu import SHORT
from hkeid.ports.cards import CardConnection

_CAPABILITIES = 7


def carried_bytes(connection: CardConnection) -> int:
    """Most bytes of an answer to ask for: the link's, unless the card says that it cannot.

    A card that says nothing is asked for as much as the link carries; the reader falls back.
    """
    if extended_length(connection.atr) is False:
        return SHORT
    return max(connection.extended_length, SHORT)


def extended_length(atr: bytes) -> bool | None:
    """What the historical bytes say; None where they say nothing."""
    for tag, value in _compact_objects(historical_bytes(atr)):
        if tag == _CAPABILITIES and len(value) == 3:
            return bool(value[2] & 0x40)
    return None


def historical_bytes(atr: bytes) -> bytes:
    """The historical bytes of an answer to reset (ISO/IEC 7816-3 §8.2); empty where it is malformed."""
    if len(atr) < 2:
        return b""
    count, flags, at = atr[1] & 0xF, atr[1] >> 4, 2
    while flags:
        interface = flags.bit_count()
        if at + interface > len(atr):
            return b""
        last = atr[at + interface - 1]
        flags, at = (last >> 4 if flags & 8 else 0), at + interface
    return atr[at : at + count]


def _compact_objects(historical: bytes) -> list[tuple[int, bytes]]:
    """COMPACT-TLV after a category indicator of 00 (three status bytes at the end) or 80."""
    if historical[:1] == b"\x00":
        body = historical[1:-3]
    elif historical[:1] == b"\x80":
        body = historical[1:]
    else:
        return []
    found, at = [], 0
    while at < len(body):
        tag, size = body[at] >> 4, body[at] & 0xF
        found.append((tag, body[at + 1 : at + 1 + size]))
        at += 1 + size
    return found
