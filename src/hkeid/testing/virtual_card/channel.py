"""The card's end of secure messaging (Doc 9303-11 §9.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hkeid.testing.der import tlv
from hkeid.testing.virtual_card.apdu import Command, Status, read_objects
from hkeid.testing.virtual_card.points import Point
from hkeid.testing.virtual_card.symmetric import (
    Suite,
    decrypt,
    encrypt,
    mac,
    pad,
    same,
    unpad,
)

_KNOWN = {0x87, 0x85, 0x97, 0x99, 0x8E}
_AFTER_BODY = 14
"""Bytes of 99 02 SW and 8E 08 MAC."""

At = Callable[[Point, Any], Any]
Objects = list[tuple[int, bytes]]


class Channel:
    """Session keys and the send sequence counter.

    :param ssc: the counter's start, as long as a block.
    :param at: the card's hook.
    """

    def __init__(self, suite: Suite, k_enc: bytes, k_mac: bytes, ssc: bytes, at: At) -> None:
        self.suite = suite
        self.k_enc = k_enc
        self.k_mac = k_mac
        self.counter = int.from_bytes(ssc, "big")
        self._at = at

    def _ssc(self) -> bytes:
        return (self.counter % (1 << 8 * self.suite.block)).to_bytes(self.suite.block, "big")

    def _iv(self, ssc: bytes) -> bytes | None:
        return None if self.suite is Suite.TDES else encrypt(self.suite, self.k_enc, ssc)

    def _mac(self, ssc: bytes, *parts: bytes) -> bytes:
        message = ssc + b"".join(parts)
        if self.suite is not Suite.TDES:
            message = pad(message, self.suite.block)
        return mac(self.suite, self.k_mac, message)

    def open(self, command: Command) -> Command:
        """Check and decrypt a protected command.

        :raises Status: 6987 an object is missing, 6988 an object is wrong.
        """
        self.counter += 1
        try:
            objects = read_objects(command.body)
        except Status:
            raise Status(0x6988) from None
        values = dict(objects)
        if len(values) != len(objects) or set(values) - _KNOWN:
            raise Status(0x6988)
        if 0x8E not in values:
            raise Status(0x6987)
        ssc = self._ssc()
        covered = b"".join(tlv(tag, value) for tag, value in objects if tag != 0x8E)
        header = pad(command.header, self.suite.block)
        if not same(self._mac(ssc, header, covered), values[0x8E]):
            raise Status(0x6988)
        le = values.get(0x97)
        return Command(
            cla=command.cla & ~0x0C,
            ins=command.ins,
            p1=command.p1,
            p2=command.p2,
            body=self._plain(values, ssc),
            ne=0 if le is None else int.from_bytes(le, "big") or (256 if len(le) == 1 else 65_536),
            extended=command.extended,
        )

    def _plain(self, values: dict[int, bytes], ssc: bytes) -> bytes:
        sealed = values.get(0x85)
        if 0x87 in values:
            if values[0x87][:1] != b"\x01":
                raise Status(0x6988)
            sealed = values[0x87][1:]
        if sealed is None:
            return b""
        if not sealed or len(sealed) % self.suite.block:
            raise Status(0x6988)
        try:
            return unpad(decrypt(self.suite, self.k_enc, sealed, self._iv(ssc)))
        except ValueError:
            raise Status(0x6988) from None

    def room(self, most: int) -> int:
        """Response bytes that fit into ``most`` bytes of a protected answer (without SW1 SW2)."""
        left = most - _AFTER_BODY
        header = 3 if left <= 0x80 + 2 else 4 if left <= 0xFF + 3 else 5
        blocks = (left - header) // self.suite.block
        return max(0, blocks * self.suite.block - 1)

    def close(self, body: bytes, word: int, *, odd: bool) -> bytes:
        """A protected answer, status word outside included.

        :param odd: the command had an odd instruction byte (object 85 instead of 87).
        """
        self.counter += 1
        ssc = self._at(Point.CHANNEL_COUNTER, self._ssc())
        objects: Objects = []
        if body:
            padded = self._at(Point.CHANNEL_PADDED, pad(body, self.suite.block))
            sealed = encrypt(self.suite, self.k_enc, padded, self._iv(ssc))
            objects.append((0x85, sealed) if odd else (0x87, b"\x01" + sealed))
        objects.append((0x99, word.to_bytes(2, "big")))
        objects = self._at(Point.CHANNEL_OBJECTS, objects)
        covered = b"".join(tlv(tag, value) for tag, value in objects)
        check = self._at(Point.CHANNEL_MAC, self._mac(ssc, covered))
        tail = tlv(0x8E, check) if check is not None else b""
        outer: int = self._at(Point.CHANNEL_OUTER_STATUS, word)
        return covered + tail + outer.to_bytes(2, "big")
