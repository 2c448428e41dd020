"""The card: power, commands, and what is allowed when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hkeid.adapters.system import SystemRandom
from hkeid.ports import Random
from hkeid.testing.der import tlv
from hkeid.testing.virtual_card.apdu import Command, Status, read_command
from hkeid.testing.virtual_card.bac import BasicAccess
from hkeid.testing.virtual_card.channel import Channel
from hkeid.testing.virtual_card.files import FileSystem
from hkeid.testing.virtual_card.genuineness import (
    ActiveAuthentication,
    ActiveKey,
    ChipAuthentication,
    ChipKey,
)
from hkeid.testing.virtual_card.pace import Pace, PaceSetting, PasswordKind, mrz_password
from hkeid.testing.virtual_card.points import Point

Hook = Callable[[Any, "VirtualCard"], Any]

LONGEST_ANSWER = 65_533
"""Most bytes beside the status word that the wire to pcscd can carry."""


@dataclass(frozen=True, kw_only=True)
class ChipImage:
    """Everything that is written into a chip when it is issued.

    :ivar files: contents by name: ``CardAccess``, ``COM``, ``SOD``, ``DG1`` …
    :ivar mrz_information: number, birth and expiry with their check digits.
    :ivar can: the printed card access number, or None.
    :ivar basic_access: BAC is offered.
    :ivar extended_length: extended length fields are understood, and announced.
    :ivar longest_answer: most bytes of one answer, protection included, status word not.
    :ivar warn_at_end: answer 6282 where a file ends before Ne.
    """

    files: Mapping[str, bytes]
    mrz_information: bytes = field(repr=False)
    can: str | None = field(default=None, repr=False)
    basic_access: bool = True
    pace: tuple[PaceSetting, ...] = ()
    mapping_key: int | None = field(default=None, repr=False)
    chip_keys: tuple[ChipKey, ...] = ()
    active_key: ActiveKey | None = None
    extended_length: bool = True
    longest_answer: int = LONGEST_ANSWER
    warn_at_end: bool = False

    @property
    def protected(self) -> bool:
        """Whether access control guards the application."""
        return self.basic_access or bool(self.pace)


def answer_to_reset(*, extended_length: bool) -> bytes:
    """A contactless card's ATR (PC/SC part 3): T=0 and T=1 announced, historical bytes, check byte."""
    # Selection by name, file and short file identifier; extended length or not.
    historical = b"\x80\x73" + bytes([0x94, 0x01, 0x40 if extended_length else 0x00])
    body = bytes([0x80 | len(historical), 0x80, 0x01]) + historical
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes([check])


class VirtualCard:
    """A chip that answers commands.

    Drive it in process through :mod:`hkeid.testing.virtual_card.reader`, or present it to the real
    ``pcscd``.

    :param image: what the chip holds.
    :param hooks: departures from honest conduct, by place.
    :ivar command: the command being executed, its protection taken off.
    """

    def __init__(
        self,
        image: ChipImage,
        *,
        random: Random | None = None,
        hooks: Mapping[Point, Hook] | None = None,
    ) -> None:
        self.image = image
        self.random: Random = random or SystemRandom()
        self.hooks: Mapping[Point, Hook] = hooks or {}
        self.files = FileSystem(dict(image.files), warn_at_end=image.warn_at_end)
        self.channel: Channel | None = None
        self.commands = 0
        self.command: Command | None = None
        self.powered = False
        self._next_channel: Channel | None = None
        self._environment = ""
        passwords = {PasswordKind.MRZ: mrz_password(image.mrz_information)}
        if image.can is not None:
            passwords[PasswordKind.CAN] = image.can.encode("ascii")
        self._bac = BasicAccess(image.mrz_information, self.random, self.at)
        self._pace = Pace(
            image.pace, passwords, self.random, self.at, chip_private=image.mapping_key
        )
        self._chip = ChipAuthentication(image.chip_keys, self.at)
        self._active = (
            ActiveAuthentication(image.active_key, self.random, self.at)
            if image.active_key
            else None
        )

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return answer_to_reset(extended_length=self.image.extended_length)

    def power(self, on: bool) -> None:  # noqa: FBT001 - the wire's word
        """Power on or off. Cutting power ends a suspension after wrong passwords."""
        self.powered = on
        self._pace.failures = 0
        self.reset()

    def reset(self) -> None:
        """Forget selection, channel and every protocol under way."""
        self.files.reset()
        self.channel = self._next_channel = None
        self._environment = ""
        self._pace.forget()
        self._chip.forget()

    def forget_next_channel(self) -> None:
        """Go on in the present session although a new one was agreed on; no honest card does."""
        self._next_channel = None

    def at(self, point: Point, value: Any) -> Any:
        """The value to go on with at ``point``: ``value``, unless a hook says otherwise."""
        hook = self.hooks.get(point)
        return value if hook is None else hook(value, self)

    def transmit(self, command: bytes) -> bytes:
        """Answer one command."""
        self.commands += 1
        wire = self.at(Point.COMMAND, command)
        answer: bytes = self.at(Point.RESPONSE, self._answer(wire))
        if self._next_channel is not None:
            self.channel, self._next_channel = self._next_channel, None
        return answer

    def _answer(self, wire: bytes) -> bytes:
        try:
            command = read_command(wire)
            if command.extended and not self.image.extended_length:
                raise Status(0x6700)
            if command.secured:
                return self._protected(command)
        except Status as status:
            return status.word.to_bytes(2, "big")
        self.channel = None  # a plain command ends secure messaging (Doc 9303-11 §9.8.2)
        body, word = self._execute(command)
        return bytes(body) + int(word).to_bytes(2, "big")

    def _protected(self, command: Command) -> bytes:
        if self.channel is None:
            raise Status(0x6985)
        channel = self.channel
        try:
            plain = channel.open(command)
        except Status:
            self.channel = None
            raise
        most = min(command.ne or 256, self.image.longest_answer)
        body, word = self._execute(plain, room=channel.room(most))
        return channel.close(body, word, odd=bool(command.ins & 1))

    def _execute(self, command: Command, room: int | None = None) -> tuple[bytes, int]:
        handlers = {
            0xA4: self._select,
            0xB0: self._read,
            0xB1: self._read,
            0x84: self._challenge,
            0x82: self._authenticate,
            0x22: self._environment_set,
            0x86: self._general,
            0x88: self._internal,
        }
        self.command = command
        try:
            handler = handlers.get(command.ins)
            if handler is None:
                raise Status(0x6D00)
            answer = handler(command, room)
        except Status as status:
            answer = b"", status.word
        found: tuple[bytes, int] = self.at(Point.ANSWER, answer)
        return found

    def _select(self, command: Command, _room: int | None) -> tuple[bytes, int]:
        return self.files.select(command), 0x9000

    def _read(self, command: Command, room: int | None) -> tuple[bytes, int]:
        offset = self.files.locate(command)
        name = self.files.check_access(
            authenticated=self.channel is not None, required=self.image.protected
        )
        content: bytes = self.at(Point.FILE, self.files.contents[name])
        if offset >= len(content):
            raise Status(0x6B00)
        most = min(command.ne, self.image.longest_answer)
        if room is not None:
            most = min(most, room)
        body = content[offset : offset + most]
        if command.ins == 0xB1:
            return self._discretionary(content, offset, most)
        short = self.files.warn_at_end and len(content) - offset < command.ne
        return body, 0x6282 if short else 0x9000

    def _discretionary(self, content: bytes, offset: int, most: int) -> tuple[bytes, int]:
        """READ BINARY B1 answers inside object 53, whose header counts."""
        most -= 2 if most < 0x82 else 3 if most < 0x103 else 4
        body = content[offset : offset + max(most, 1)]
        return tlv(0x53, body), 0x9000

    def _challenge(self, _command: Command, _room: int | None) -> tuple[bytes, int]:
        if not self.image.basic_access or not self.files.application:
            raise Status(0x6985)
        return self._bac.challenge(), 0x9000

    def _authenticate(self, command: Command, _room: int | None) -> tuple[bytes, int]:
        if not self.image.basic_access or not self.files.application:
            raise Status(0x6985)
        answer, self._next_channel = self._bac.authenticate(command.body)
        return answer, 0x9000

    def _environment_set(self, command: Command, _room: int | None) -> tuple[bytes, int]:
        form = command.p1, command.p2
        if form == (0xC1, 0xA4) and self.image.pace:
            self._pace.begin(command.body)
            self._environment = "pace"
            return b"", 0x9000
        if self.channel is None or not self.image.chip_keys:
            raise Status(0x6985 if self.image.chip_keys else 0x6A88)
        if form == (0x41, 0xA6):
            self._next_channel = self._chip.agree_at_once(command.body)
            return b"", 0x9000
        if form == (0x41, 0xA4):
            self._chip.begin(command.body)
            self._environment = "chip"
            return b"", 0x9000
        raise Status(0x6A86)

    def _general(self, command: Command, _room: int | None) -> tuple[bytes, int]:
        if self._environment == "pace":
            answer, self._next_channel = self._pace.step(command.body)
            return answer, 0x9000
        if self._environment == "chip" and self.channel is not None:
            self._next_channel = self._chip.step(command.body)
            return b"\x7c\x00", 0x9000
        raise Status(0x6985)

    def _internal(self, command: Command, _room: int | None) -> tuple[bytes, int]:
        if self._active is None:
            raise Status(0x6D00)
        if self.image.protected and self.channel is None:
            raise Status(0x6982)
        return self._active.sign(command.body), 0x9000
