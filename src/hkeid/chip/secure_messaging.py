"""Secure messaging (Doc 9303-11 §9.8): commands protected, answers checked and opened.

The send sequence counter steps before every command and before every answer. An answer is believed
only after its MAC, compared in constant time; one without protection ends the session, whatever its
status says. After any failure the channel is dead.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from hkeid.chip import tlv
from hkeid.chip.apdu import Command, Response, status_text
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.kdf import (
    MAC_BYTES,
    CipherName,
    SessionKeys,
    decrypt_cbc,
    encrypt_block,
    encrypt_cbc,
    mac,
    pad,
    unpad,
)

_DATA_PADDED = 0x87
_DATA_BER = 0x85
_EXPECT = 0x97
_STATUS = 0x99
_MAC = 0x8E
_LOST = frozenset({0x6987, 0x6988})

OVERHEAD = 64
"""More bytes than protection adds to an answer, whatever the cipher."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A protected answer after its MAC was found right: what it carries."""

    data: bytes
    status: int


class SecureChannel:
    """One session of secure messaging, the terminal's side.

    :param counter: where the send sequence counter starts: from the challenges after BAC, at zero
        after PACE and chip authentication.
    """

    def __init__(self, keys: SessionKeys, *, counter: bytes | None = None) -> None:
        self._keys = keys
        self._block = keys.cipher.block_bytes
        start = bytes(self._block) if counter is None else counter
        if len(start) != self._block:
            raise ValueError("length of a send sequence counter")
        self._counter = int.from_bytes(start, "big")
        self._dead = False

    @property
    def cipher(self) -> CipherName:
        """The cipher in use."""
        return self._keys.cipher

    @property
    def short_block(self) -> int:
        """Most bytes of plain data that a protected answer of 256 bytes can carry."""
        return 231 if self._keys.cipher is CipherName.TRIPLE_DES else 223

    def _step(self) -> bytes:
        self._counter = (self._counter + 1) % (1 << 8 * self._block)
        return self._counter.to_bytes(self._block, "big")

    def protect(self, command: Command) -> Command:
        """The command as it goes over the air (§9.8.4)."""
        if self._dead:
            raise CardRefused(FindingCode.MESSAGING_LOST, detail="channel is closed")
        counter = self._step()
        cla = command.cla | 0x0C
        objects = b""
        if command.data:
            objects = self._enciphered(command, counter)
        if command.expect is not None:
            objects += tlv.encode(_EXPECT, _expect_bytes(command))
        head = pad(bytes((cla, command.ins, command.p1, command.p2)), self._block)
        objects += tlv.encode(_MAC, self._mac(counter, head + objects if objects else head))
        long = command.needs_extended or len(objects) > 255
        return Command(
            cla=cla,
            ins=command.ins,
            p1=command.p1,
            p2=command.p2,
            data=objects,
            expect=65_536 if long else 256,
            extended=long,
        )

    def _enciphered(self, command: Command, counter: bytes) -> bytes:
        """DO'87 for even instructions, DO'85 (no padding indicator) for odd ones."""
        body = encrypt_cbc(
            self._keys.cipher,
            self._keys.encryption,
            self._iv(counter),
            pad(command.data, self._block),
        )
        if command.ins % 2:
            return tlv.encode(_DATA_BER, body)
        return tlv.encode(_DATA_PADDED, b"\x01", body)

    def _iv(self, counter: bytes) -> bytes:
        """Zeros for 3DES, the enciphered counter for AES (§9.8.6.1, §9.8.7.1)."""
        if self._keys.cipher is CipherName.TRIPLE_DES:
            return bytes(8)
        return encrypt_block(self._keys.cipher, self._keys.encryption, counter)

    def _mac(self, counter: bytes, data: bytes) -> bytes:
        return mac(self._keys.cipher, self._keys.mac, pad(counter + data, self._block))

    def unprotect(self, answer: Response) -> Response:
        """Check and open the answer to the last protected command (§9.8.5).

        :raises CardRefused: ``messaging_dropped``, ``messaging_lost``, ``messaging_mac_missing``,
            ``messaging_mac_wrong``, ``messaging_status_missing``, ``messaging_status_different``,
            ``messaging_padding_wrong``.
        :raises CardMalformed: ``messaging_malformed``.
        """
        counter = self._step()
        try:
            opened = self._open(answer, counter)
        except (CardMalformed, CardRefused):
            self._dead = True
            raise
        return Response(opened.data, opened.status)

    def _open(self, answer: Response, counter: bytes) -> Opened:
        if not answer.data:
            lost = answer.status in _LOST
            code = FindingCode.MESSAGING_LOST if lost else FindingCode.MESSAGING_DROPPED
            raise CardRefused(code, detail=status_text(answer.status))
        body, given, status = _objects(answer.data)
        if given is None:
            raise CardRefused(FindingCode.MESSAGING_MAC_MISSING)
        covered = b"".join(element.raw for element in (body, status) if element is not None)
        if not hmac.compare_digest(self._mac(counter, covered), given.value):
            raise CardRefused(FindingCode.MESSAGING_MAC_WRONG)
        if status is None:
            raise CardRefused(FindingCode.MESSAGING_STATUS_MISSING)
        if int.from_bytes(status.value, "big") != answer.status:
            raise CardRefused(FindingCode.MESSAGING_STATUS_DIFFERENT)
        return Opened(self._deciphered(body, counter), answer.status)

    def _deciphered(self, body: tlv.Tlv | None, counter: bytes) -> bytes:
        if body is None:
            return b""
        text = body.value
        if body.tag == _DATA_PADDED:
            if text[:1] != b"\x01":
                raise CardMalformed(FindingCode.MESSAGING_MALFORMED, detail="padding indicator")
            text = text[1:]
        if not text or len(text) % self._block:
            raise CardMalformed(FindingCode.MESSAGING_MALFORMED, detail="length of cryptogram")
        plain = decrypt_cbc(self._keys.cipher, self._keys.encryption, self._iv(counter), text)
        data = unpad(plain, self._block)
        if data is None:
            raise CardRefused(FindingCode.MESSAGING_PADDING_WRONG)
        return data


def _expect_bytes(command: Command) -> bytes:
    expect = command.expect or 0
    if command.needs_extended and expect > 256:
        return (expect % 65_536).to_bytes(2, "big")
    return bytes((expect % 256,))


def _objects(data: bytes) -> tuple[tlv.Tlv | None, tlv.Tlv | None, tlv.Tlv | None]:
    """DO'87 or '85, DO'8E and DO'99: each at most once, in the order of the standard."""
    try:
        elements = tlv.parse_all(data)
    except CardMalformed as error:
        raise CardMalformed(FindingCode.MESSAGING_MALFORMED, detail=error.reason) from None
    tags = [element.tag for element in elements]
    ranks = [_ORDER.get(tag, -1) for tag in tags]
    if -1 in ranks or ranks != sorted(set(ranks)):
        raise CardMalformed(FindingCode.MESSAGING_MALFORMED, detail="data objects")
    found = dict(zip(ranks, elements, strict=True))
    given, status = found.get(2), found.get(1)
    if given is not None and len(given.value) != MAC_BYTES:
        raise CardMalformed(FindingCode.MESSAGING_MALFORMED, detail="length of MAC")
    if status is not None and len(status.value) != 2:
        raise CardMalformed(FindingCode.MESSAGING_MALFORMED, detail="length of status")
    return found.get(0), given, status


_ORDER = {_DATA_PADDED: 0, _DATA_BER: 0, _STATUS: 1, _MAC: 2}
