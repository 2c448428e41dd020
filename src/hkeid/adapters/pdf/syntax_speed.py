"""Pieces of PDF syntax - names, hexadecimal strings, references, lines at the end - read and written whole.

pyHanko reads and writes them byte by byte, and most of a signature dictionary, a page and a catalogue is such
pieces: a third of what a signature takes. The replacements here settle the common shapes, and leave all
others to the originals from where they began. They give the same and raise the same, which property tests
hold against the originals; they are put in place in the worker only, and the exact version of pyHanko is
pinned.
"""

from __future__ import annotations

import binascii
import io
import os
import re
from functools import lru_cache
from typing import Any

from pyhanko.pdf_utils import generic, misc, reader

_STEP = 64
_END = re.compile(b"[" + re.escape(misc.PDF_WHITESPACE + misc.PDF_DELIMITERS) + b"]")
_PASSED_BY = misc.PDF_WHITESPACE + b"%"
_LONGEST_KEPT = 64
_HEX = re.compile(rb"<((?:[0-9A-Fa-f]{2})*)>")
_LONGEST_HEX = 128
_REFERENCE = re.compile(rb"([1-9][0-9]{0,8}) ([0-9]{1,5}) R")
_LONGEST_REFERENCE = 20
_LONGEST_LINE = 80
_ENDS = b"\r\n"
_SEEN_BEFORE = 4
_read_non_whitespace = misc.read_non_whitespace
_read_hex_string = generic.read_hex_string_from_stream
_read_reference = generic.IndirectObject.read_from_stream
_read_last_line = reader.read_next_end_line
_decode_name = generic._decode_name  # noqa: SLF001
_write_name = generic.NameObject.write_to_stream


def read_syntax_whole() -> None:
    """From now on, in this process."""
    module: Any = generic
    module.read_until_delimiter = read_until_delimiter
    module.read_non_whitespace = read_non_whitespace
    module.read_hex_string_from_stream = read_hex_string
    module.NameObject.read_from_stream = staticmethod(read_name)
    module.NameObject.write_to_stream = write_name
    module.IndirectObject.read_from_stream = staticmethod(read_reference)
    ends: Any = reader
    ends.read_next_end_line = read_last_line


def read_until_delimiter(stream: Any) -> bytes:
    """Up to the next delimiter or white space, where the stream then stands (ISO 32000-2 §7.2.3)."""
    found: bytes = b""
    while True:
        step = stream.read(_STEP)
        end = _END.search(step)
        if end is not None:
            stream.seek(end.start() - len(step), os.SEEK_CUR)
            return found + bytes(step[: end.start()])
        if not step:
            return found
        found += step


def read_non_whitespace(
    stream: Any,
    seek_back: bool = False,  # noqa: FBT001, FBT002 - pyHanko's own signature
    allow_eof: bool = False,  # noqa: FBT001, FBT002
) -> bytes:
    """The next byte that is neither white space nor in a comment (ISO 32000-2 §7.2.3)."""
    first: bytes = stream.read(1)
    # Mostly there is no white space, or one space.
    if first == b" ":
        first = stream.read(1)
    if not first or first in _PASSED_BY:
        if first:
            stream.seek(-1, os.SEEK_CUR)
        return bytes(_read_non_whitespace(stream, seek_back, allow_eof))
    if seek_back:
        stream.seek(-1, os.SEEK_CUR)
    return first


def read_name(stream: Any) -> generic.NameObject:
    """A name at the place of the stream (ISO 32000-2 §7.3.5)."""
    if stream.read(1) != b"/":
        raise misc.PdfReadError("Name object should start with /")
    raw = read_until_delimiter(stream)
    # A new object each time: the reader writes down on it where it stood.
    return generic.NameObject(_decoded(raw)) if len(raw) <= _LONGEST_KEPT else _decode_name(raw)


def write_name(
    name: generic.NameObject, stream: Any, handler: Any = None, container_ref: Any = None
) -> None:
    """Write a name as pyHanko does."""
    if len(name) > _LONGEST_KEPT:
        _write_name(name, stream, handler, container_ref)
    else:
        stream.write(_encoded(str(name)))


def read_hex_string(stream: Any) -> Any:
    """A string in hexadecimal digits at the place of the stream (ISO 32000-2 §7.3.4.3)."""
    step = stream.read(_LONGEST_HEX)
    found = _HEX.match(step)
    stream.seek((0 if found is None else found.end()) - len(step), os.SEEK_CUR)
    if found is None:
        return _read_hex_string(stream)
    return generic.pdf_string(binascii.unhexlify(found[1]))


def read_reference(stream: Any, container_ref: Any) -> Any:
    """A reference to an object at the place of the stream (ISO 32000-2 §7.3.10)."""
    step = stream.read(_LONGEST_REFERENCE)
    found = _REFERENCE.match(step)
    stream.seek((0 if found is None else found.end()) - len(step), os.SEEK_CUR)
    if found is None:
        return _read_reference(stream, container_ref)
    return generic.IndirectObject(int(found[1]), int(found[2]), container_ref.get_pdf_handler())


def read_last_line(stream: Any) -> bytes:
    """The line that ends with the byte at the place of the stream, which then stands before what parts it
    from the line above.
    """
    last = stream.tell()
    first = max(0, last + 1 - _LONGEST_LINE)
    stream.seek(first)
    step = bytes(stream.read(last + 1 - first))
    end = max(step.rfind(b"\n"), step.rfind(b"\r"))
    # One end of a line, after a line, all of it seen: anything else is the original's.
    if len(step) != last + 1 - first or end < _SEEN_BEFORE or step[end - 1] in _ENDS:
        stream.seek(last)
        return bytes(_read_last_line(stream))
    stream.seek(first + end - 1)
    return step[end + 1 :]


@lru_cache(maxsize=1024)
def _decoded(raw: bytes) -> str:
    return str(_decode_name(raw))


@lru_cache(maxsize=1024)
def _encoded(name: str) -> bytes:
    written = io.BytesIO()
    _write_name(generic.NameObject(name), written)
    return written.getvalue()
