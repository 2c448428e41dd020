"""Incremental updates written by hand, as an attacker writes them (ISO 32000-2 §7.5.6)."""

from __future__ import annotations

import io
import re
from typing import Any

from hkeid.kernel.errors import MissingExtra

try:
    import pikepdf
except ImportError:
    raise MissingExtra("pikepdf", "signing") from None

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")


class Update:
    """An update of a file: objects are taken, changed and put back, and what comes out is the longer file.

    The file's own bytes stay as they are, so all digests do too.
    """

    def __init__(self, pdf: bytes) -> None:
        self.pdf = pdf
        self.document = pikepdf.open(io.BytesIO(pdf))
        self._objects: dict[int, bytes] = {}
        self._next = int(self.document.trailer.Size)

    @property
    def root(self) -> Any:
        """The catalogue; changes count when it is put back with :meth:`change`."""
        return self.document.Root

    def page(self, number: int = 0) -> Any:
        """A page's dictionary."""
        return self.document.pages[number].obj

    def change(self, *objects: Any) -> None:
        """Put objects of the file back as they are now."""
        for one in objects:
            self._objects[one.objgen[0]] = one.unparse(resolved=True)

    def replace(self, number: int, content: bytes) -> None:
        """Put other bytes in the place of an object."""
        self._objects[number] = content

    def add(self, content: bytes) -> int:
        """A new object; its number."""
        number, self._next = self._next, self._next + 1
        self._objects[number] = content
        return number

    def add_stream(self, content: bytes, entries: bytes = b"") -> int:
        """A new stream; its number."""
        return self.add(stream(content, entries))

    def bytes(self, *, trailer: bytes = b"", free: tuple[int, ...] = ()) -> bytes:
        """The file with the update.

        :param trailer: further entries of the trailer.
        :param free: numbers of objects that are freed.
        """
        content = bytearray(self.pdf)
        if not content.endswith(b"\n"):
            content += b"\n"
        entries = {}
        for number, one in sorted(self._objects.items()):
            entries[number] = b"%010d 00000 n \n" % len(content)
            content += b"%d 0 obj\n%s\nendobj\n" % (number, one)
        entries |= dict.fromkeys(free, b"0000000000 00001 f \n")
        start = len(content)
        content += b"xref\n"
        for number, entry in sorted(entries.items()):
            content += b"%d 1\n%s" % (number, entry)
        root = self.document.Root.objgen[0]
        content += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d %s >>\n" % (
            self._next, root, last_table(self.pdf), trailer,
        )  # fmt: skip
        content += b"startxref\n%d\n%%%%EOF\n" % start
        return bytes(content)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def last_table(pdf: bytes) -> int:
    """Where the last cross-reference table is."""
    return int(pdf.rsplit(b"startxref", 1)[1].split()[0])


def byte_range(pdf: bytes, number: int = -1) -> tuple[int, int, int, int]:
    """``/ByteRange`` of a signature, the last one unless said otherwise."""
    first, length, second, rest = (int(one) for one in _RANGE.findall(pdf)[number])
    return first, length, second, rest


def contents(pdf: bytes, number: int = -1) -> bytes:
    """``/Contents`` of a signature."""
    _, first, second, _ = byte_range(pdf, number)
    return bytes.fromhex(pdf[first + 1 : second - 1].decode("ascii"))


def with_contents(pdf: bytes, value: bytes) -> bytes:
    """The file with another value in the gap of its last signature, padded with zeros."""
    _, first, second, _ = byte_range(pdf)
    room = second - first - 2
    text = value.hex().encode("ascii")
    assert len(text) <= room
    return pdf[: first + 1] + text.ljust(room, b"0") + pdf[second - 1 :]


def overwritten(pdf: bytes, old: bytes, new: bytes) -> bytes:
    """The last occurrence of ``old`` written over by something of the same length."""
    place = pdf.rindex(old)
    assert len(new) <= len(old)
    return pdf[:place] + new.ljust(len(old)) + pdf[place + len(old) :]


def with_range(pdf: bytes, value: bytes) -> bytes:
    """The file with another ``/ByteRange`` of its last signature, in the same place."""
    found = list(_RANGE.finditer(pdf))[-1]
    written = b"/ByteRange " + value
    assert len(written) <= len(found[0])
    return pdf[: found.start()] + written.ljust(len(found[0])) + pdf[found.end() :]
