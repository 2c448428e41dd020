"""Command and response APDUs (ISO/IEC 7816-4 §5.3, 7816-3 §12.1): four cases, short and extended."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hkeid.chip.errors import CardMalformed
from hkeid.chip.findings import FindingCode
from hkeid.kernel.errors import MalformedInput

SHORT = 256
EXTENDED = 65_536

OK = 0x9000
END_OF_FILE = 0x6282
FILE_NOT_FOUND = 0x6A82


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command.

    :ivar expect: most bytes wanted back (Ne), None for none; 256 is the short form's maximum.
    :ivar extended: write lengths in extended form even where the short one would do.
    """

    cla: int = 0
    ins: int
    p1: int = 0
    p2: int = 0
    data: bytes = b""
    expect: int | None = None
    extended: bool = False

    @property
    def needs_extended(self) -> bool:
        """Whether only the extended form can carry it."""
        return self.extended or len(self.data) > 255 or (self.expect or 0) > SHORT

    def expecting(self, expect: int) -> Command:
        """The same command with another Ne (after 6Cxx)."""
        return replace(self, expect=expect)

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def encode(self) -> bytes:
        """The bytes to send.

        :raises ValueError: a field is out of range (a mistake of the caller, not of a card).
        """
        if len(self.data) > 65_535 or not (self.expect is None or 1 <= self.expect <= EXTENDED):
            raise ValueError("lengths of a command APDU")
        if self.needs_extended:
            return self.header + self._extended_body()
        body = bytes((len(self.data),)) + self.data if self.data else b""
        if self.expect is not None:
            body += bytes((self.expect % 256,))
        return self.header + body

    def _extended_body(self) -> bytes:
        body = b"\0" + len(self.data).to_bytes(2, "big") + self.data if self.data else b""
        if self.expect is not None:
            body += (b"" if self.data else b"\0") + (self.expect % EXTENDED).to_bytes(2, "big")
        return body


def parse_command(data: bytes) -> Command:
    """The command that ``data`` is: the card's side of :meth:`Command.encode`.

    :raises hkeid.kernel.errors.MalformedInput: reason ``command_malformed``.
    """
    if len(data) < 4:
        raise MalformedInput("command_malformed")
    cla, ins, p1, p2 = data[:4]
    body, expect, extended = _parse_body(data[4:])
    return Command(cla=cla, ins=ins, p1=p1, p2=p2, data=body, expect=expect, extended=extended)


def _parse_body(rest: bytes) -> tuple[bytes, int | None, bool]:
    """Data, Ne and whether the extended form was used."""
    if not rest:
        return b"", None, False
    if len(rest) == 1:
        return b"", rest[0] or SHORT, False
    if rest[0]:
        end = 1 + rest[0]
        if len(rest) == end:
            return rest[1:], None, False
        if len(rest) == end + 1:
            return rest[1:end], rest[end] or SHORT, False
        raise MalformedInput("command_malformed")
    if len(rest) < 3:
        raise MalformedInput("command_malformed")
    length = int.from_bytes(rest[1:3], "big")
    if len(rest) == 3:
        return b"", length or EXTENDED, True
    end = 3 + length
    if length and len(rest) == end:
        return rest[3:], None, True
    if length and len(rest) == end + 2:
        return rest[3:end], int.from_bytes(rest[end:], "big") or EXTENDED, True
    raise MalformedInput("command_malformed")


@dataclass(frozen=True, slots=True)
class Response:
    """Data and status word of an answer."""

    data: bytes
    status: int

    @property
    def ok(self) -> bool:
        """Whether the status is 9000."""
        return self.status == OK

    @property
    def tries_left(self) -> int | None:
        """The counter of a 63Cx status, or None."""
        return self.status & 0xF if self.status & 0xFFF0 == 0x63C0 else None

    def encode(self) -> bytes:
        """The bytes as a card sends them."""
        return self.data + self.status.to_bytes(2, "big")


def parse_response(data: bytes, *, expect: int | None = None) -> Response:
    """Take an answer apart; ``expect`` bounds its data.

    :raises CardMalformed: ``answer_too_short``, ``answer_too_long``.
    """
    if len(data) < 2:
        raise CardMalformed(FindingCode.ANSWER_TOO_SHORT)
    if len(data) - 2 > (EXTENDED if expect is None else expect):
        raise CardMalformed(FindingCode.ANSWER_TOO_LONG)
    return Response(data[:-2], int.from_bytes(data[-2:], "big"))


def status_text(status: int) -> str:
    """``6A82``, for details and logs."""
    return f"{status:04X}"
