"""The card's file system: master file, the eMRTD application, elementary files (Doc 9303-10 §3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hkeid.testing.virtual_card.apdu import Command, Status

LDS_APPLICATION = bytes.fromhex("A0000002471001")

# File identifier and short identifier of every file (Doc 9303-10 §3.11, §4).
MASTER_FILES = {
    "ATR/INFO": (0x2F01, 0x01),
    "DIR": (0x2F00, 0x1E),
    "CardAccess": (0x011C, 0x1C),
    "CardSecurity": (0x011D, 0x1D),
}
APPLICATION_FILES = {
    "COM": (0x011E, 0x1E),
    "SOD": (0x011D, 0x1D),
    **{f"DG{number}": (0x0100 + number, number) for number in range(1, 17)},
}
_FREE = {"ATR/INFO", "DIR", "CardAccess"}
_EXTENDED_ACCESS = {"DG3", "DG4"}
_HIGHEST_PLAIN_OFFSET = 0x7FFF


@dataclass(slots=True)
class FileSystem:
    """Files by name, and what is selected.

    :ivar contents: ``ATR/INFO``, ``CardAccess``, ``COM``, ``DG1`` … by name.
    :ivar current: name of the selected elementary file, or None.
    :ivar warn_at_end: answer 6282 instead of 9000 where the file ends before Ne.
    """

    contents: dict[str, bytes]
    application: bool = False
    current: str | None = None
    warn_at_end: bool = False
    selected: list[str] = field(default_factory=list)

    def reset(self) -> None:
        """Back to the master file."""
        self.application = False
        self.current = None

    def _table(self) -> dict[str, tuple[int, int]]:
        return APPLICATION_FILES if self.application else MASTER_FILES

    def select(self, command: Command) -> bytes:
        """SELECT by application name or file identifier.

        :raises Status: 6A82, 6A86.
        """
        if command.p1 == 0x04:
            if command.body != LDS_APPLICATION:
                raise Status(0x6A82)
            self.application, self.current = True, None
            return b""
        if command.p1 == 0x00 and command.body in {b"", b"\x3f\x00"}:
            self.reset()
            return b""
        if command.p1 not in {0x00, 0x02} or len(command.body) != 2:
            raise Status(0x6A86)
        wanted = int.from_bytes(command.body, "big")
        for name, (identifier, _) in self._table().items():
            if identifier == wanted and name in self.contents:
                self.current = name
                return b""
        raise Status(0x6A82)

    def locate(self, command: Command) -> int:
        """The offset that READ BINARY means; selects by short identifier where one is given.

        :raises Status: 6A82, 6986.
        """
        if command.ins == 0xB1:
            return self._locate_odd(command)
        if command.p1 & 0x80:
            self._select_short(command.p1 & 0x1F)
            return command.p2
        if self.current is None:
            raise Status(0x6986)
        return command.p1 << 8 | command.p2

    def _locate_odd(self, command: Command) -> int:
        if command.body[:1] != b"\x54" or len(command.body) < 3:
            raise Status(0x6A80)
        size = command.body[1]
        if not 1 <= size <= 4 or len(command.body) != 2 + size:
            raise Status(0x6A80)
        reference = command.p1 << 8 | command.p2
        if 0 < reference < 0x1F:
            self._select_short(reference)
        elif reference:
            raise Status(0x6A82)
        if self.current is None:
            raise Status(0x6986)
        return int.from_bytes(command.body[2:], "big")

    def _select_short(self, short: int) -> None:
        for name, (_, identifier) in self._table().items():
            if identifier == short and name in self.contents:
                self.current = name
                return
        raise Status(0x6A82)

    def check_access(self, *, authenticated: bool, required: bool) -> str:
        """The name of the file to be read, if the reader may.

        :param required: the card protects its application.
        :raises Status: 6982.
        """
        if self.current is None:
            raise Status(0x6986)
        if self.current in _EXTENDED_ACCESS and self.application:
            raise Status(0x6982)
        if self.current not in _FREE and required and not authenticated:
            raise Status(0x6982)
        return self.current
