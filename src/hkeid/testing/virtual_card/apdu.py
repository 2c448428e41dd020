"""Command APDUs as the card receives them (ISO/IEC 7816-4 §5.1, 7816-3 §12.1)."""

from __future__ import annotations

from dataclasses import dataclass


class Status(Exception):
    """Ends the work on a command with a status word."""

    def __init__(self, word: int) -> None:
        self.word = word
        super().__init__(f"{word:04X}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command.

    :ivar ne: most response bytes wanted; 0 if none.
    :ivar extended: the lengths came in extended form.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    body: bytes = b""
    ne: int = 0
    extended: bool = False

    @property
    def header(self) -> bytes:
        """The four bytes before the lengths."""
        return bytes([self.cla, self.ins, self.p1, self.p2])

    @property
    def secured(self) -> bool:
        """Whether the class byte announces secure messaging with an authenticated header."""
        return self.cla & 0x0C == 0x0C


def read_command(wire: bytes) -> Command:
    """Take a command apart.

    :raises Status: 6700.
    """
    if len(wire) < 4:
        raise Status(0x6700)
    cla, ins, p1, p2 = wire[:4]
    body, ne, extended = _lengths(wire[4:])
    return Command(cla=cla, ins=ins, p1=p1, p2=p2, body=body, ne=ne, extended=extended)


def _lengths(rest: bytes) -> tuple[bytes, int, bool]:
    if not rest:
        return b"", 0, False
    if rest[0] or len(rest) == 1:
        return _short(rest)
    if len(rest) == 3:
        return b"", int.from_bytes(rest[1:], "big") or 65_536, True
    if len(rest) < 4:
        raise Status(0x6700)
    size = int.from_bytes(rest[1:3], "big")
    body, tail = rest[3 : 3 + size], rest[3 + size :]
    if not size or len(body) != size or len(tail) not in {0, 2}:
        raise Status(0x6700)
    return body, (int.from_bytes(tail, "big") or 65_536) if tail else 0, True


def _short(rest: bytes) -> tuple[bytes, int, bool]:
    if len(rest) == 1:
        return b"", rest[0] or 256, False
    size = rest[0]
    body, tail = rest[1 : 1 + size], rest[1 + size :]
    if len(body) != size or len(tail) > 1:
        raise Status(0x6700)
    return body, (tail[0] or 256) if tail else 0, False


def read_objects(body: bytes) -> list[tuple[int, bytes]]:
    """BER-TLV objects with tags of one or two bytes.

    :raises Status: 6A80.
    """
    found = []
    at = 0
    while at < len(body):
        tag = body[at]
        at += 1
        if tag & 0x1F == 0x1F and at < len(body):
            tag = tag << 8 | body[at]
            at += 1
        size, at = _length(body, at)
        if at + size > len(body):
            raise Status(0x6A80)
        found.append((tag, body[at : at + size]))
        at += size
    return found


def _length(body: bytes, at: int) -> tuple[int, int]:
    if at >= len(body):
        raise Status(0x6A80)
    first = body[at]
    if first < 0x80:
        return first, at + 1
    width = first & 0x7F
    if not 1 <= width <= 3 or at + 1 + width > len(body):
        raise Status(0x6A80)
    return int.from_bytes(body[at + 1 : at + 1 + width], "big"), at + 1 + width
