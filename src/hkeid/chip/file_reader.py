"""Reading one file after another: by short identifier, in blocks as large as card and link allow.

Block sizes fall back: what the link carries, then what fits a short answer, then 224, then 128. Every
loop is bounded by the file's own length, which the first block tells.
"""

from __future__ import annotations

from collections.abc import Callable

from hkeid.chip import tlv
from hkeid.chip.apdu import END_OF_FILE, FILE_NOT_FOUND, SHORT, Command, Response, status_text
from hkeid.chip.card_files import CardFile
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.secure_messaging import OVERHEAD
from hkeid.chip.session import CardSession

PREFERRED_BLOCK = 4096
_SMALLER = (224, 128)
_LAST_PLAIN_OFFSET = 0x7FFF
_WRONG_LENGTH = frozenset({0x6700, 0x6F00})
_LOCKED = frozenset({0x6982, 0x6985, 0x6A81})
_MISSING = frozenset({FILE_NOT_FOUND, 0x6A83})
_BEYOND = frozenset({0x6B00, END_OF_FILE})

Watch = Callable[[str, int, int], None]


def block_sizes(carried: int) -> tuple[int, ...]:
    """Block sizes to try in order where answers of ``carried`` bytes come through."""
    large = min(carried - OVERHEAD, PREFERRED_BLOCK)
    return (*((large,) if large > SHORT else ()), SHORT, *_SMALLER)


class FileReader:
    """Reads files of the selected folder.

    :param blocks: block sizes to try, largest first.
    :param watch: called with a file's name, bytes read and bytes in all, after every block.
    :ivar long_unanswered: an extended answer was asked for, and none has come through yet.
    """

    def __init__(
        self, session: CardSession, blocks: tuple[int, ...], watch: Watch | None = None
    ) -> None:
        self._session = session
        self._blocks = list(blocks)
        self._watch = watch
        self._proved = self._asked = False

    @property
    def long_unanswered(self) -> bool:
        """Whether extended length is still to be proved, after it was tried."""
        return self._asked and not self._proved

    @property
    def largest(self) -> int:
        """The size that is tried first, after all falling back."""
        return self._blocks[0]

    @property
    def block(self) -> int:
        """The size in use; a short answer carries less under secure messaging."""
        size = self._blocks[0]
        channel = self._session.channel
        if channel is None or size > SHORT:
            return size
        return min(size, channel.short_block)

    def read(self, file: CardFile) -> bytes:
        """The file's content: exactly the one data object that it is.

        :raises CardRefused: ``file_missing``, ``file_locked``, ``file_refused``, ``file_too_large``,
            ``file_tag_wrong``, ``file_truncated``, ``file_stalled``; secure messaging's own.
        :raises CardMalformed: ``file_empty``, ``file_header_malformed``; the session's own.
        """
        data = self._first(file)
        total = _expected_length(file, data)
        self._tell(file, min(len(data), total), total)
        rounds = 16 + total // 64
        while len(data) < total:
            rounds -= 1
            if not rounds:
                raise CardRefused(FindingCode.FILE_STALLED, detail=file.name)
            data += self._more(file, len(data), min(self.block, total - len(data)))
            self._tell(file, min(len(data), total), total)
        return data[:total]

    def _tell(self, file: CardFile, done: int, total: int) -> None:
        if self._watch is not None:
            self._watch(file.name, done, total)

    def _first(self, file: CardFile) -> bytes:
        answer = self._reading(
            lambda expect: Command(ins=0xB0, p1=0x80 | file.short_id, expect=expect), self.block
        )
        status = answer.status
        if status in _MISSING:
            raise CardRefused(FindingCode.FILE_MISSING, detail=file.name)
        if status in _LOCKED:
            raise CardRefused(FindingCode.FILE_LOCKED, detail=file.name)
        if not answer.ok and status != END_OF_FILE and not (answer.data and status >> 8 == 0x62):
            detail = f"{file.name} {status_text(status)}"
            raise CardRefused(FindingCode.FILE_REFUSED, detail=detail)
        if not answer.data:
            raise CardMalformed(FindingCode.FILE_EMPTY, detail=file.name)
        return answer.data

    def _more(self, file: CardFile, offset: int, size: int) -> bytes:
        if offset <= _LAST_PLAIN_OFFSET:
            answer = self._reading(
                lambda expect: Command(ins=0xB0, p1=offset >> 8, p2=offset & 0xFF, expect=expect),
                size,
            )
            piece = answer.data
        else:
            answer, piece = self._far(file, offset, size)
        if answer.status in _BEYOND and not piece:
            raise CardRefused(FindingCode.FILE_TRUNCATED, detail=file.name)
        if not answer.ok and answer.status != END_OF_FILE:
            detail = f"{file.name} {status_text(answer.status)}"
            raise CardRefused(FindingCode.FILE_REFUSED, detail=detail)
        if not piece:
            raise CardRefused(FindingCode.FILE_STALLED, detail=file.name)
        return piece

    def _far(self, file: CardFile, offset: int, size: int) -> tuple[Response, bytes]:
        """READ BINARY with odd instruction: the offset in ``54``, the piece in ``53``."""
        body = tlv.encode(0x54, offset.to_bytes(3 if offset > 0xFFFF else 2, "big"))
        header = 4 if size > 0xFF else 3
        size = min(size, self.block - header)
        answer = self._reading(
            lambda expect: Command(ins=0xB1, data=body, expect=expect), size + header
        )
        if not answer.data:
            return answer, b""
        try:
            piece = tlv.parse_one(answer.data, 0x53).value
        except CardMalformed:
            raise CardMalformed(FindingCode.FILE_HEADER_MALFORMED, detail=file.name) from None
        return answer, piece

    def _reading(self, command: Callable[[int], Command], size: int) -> Response:
        """Send; where the card dislikes the length, with a smaller one."""
        self._asked |= size > SHORT
        answer = self._session.send(command(size))
        while answer.status in _WRONG_LENGTH and not answer.data and self._shrink():
            size = min(size, self.block)
            answer = self._session.send(command(size))
        if answer.status >> 8 == 0x6C and not answer.data:
            answer = self._session.send(command(answer.status & 0xFF or SHORT))
        if answer.data and size > SHORT:
            self._proved = True
        return answer

    def _shrink(self) -> bool:
        """Take the next smaller block size, if there is one."""
        if len(self._blocks) < 2:
            return False
        self._blocks.pop(0)
        return True


def _expected_length(file: CardFile, data: bytes) -> int:
    """Length of the whole data object, out of its header in the first block."""
    try:
        tag, length, start = tlv.read_header(data)
    except CardMalformed as error:
        if error.reason == FindingCode.TLV_TOO_LONG:
            raise CardRefused(FindingCode.FILE_TOO_LARGE, detail=file.name) from None
        raise CardMalformed(FindingCode.FILE_HEADER_MALFORMED, detail=file.name) from None
    if tag != file.tag:
        raise CardRefused(FindingCode.FILE_TAG_WRONG, detail=f"{file.name} {tag:X}")
    if start + length > file.limit:
        raise CardRefused(FindingCode.FILE_TOO_LARGE, detail=file.name)
    return start + length
