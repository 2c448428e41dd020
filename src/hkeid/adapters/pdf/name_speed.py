"""Names of PDF objects, read and written whole, and what stands before them.

pyHanko reads and writes a name byte by byte, and most of a signature dictionary, a page and a catalogue is
names: a fifth of what a signature takes. The replacements here give the same for every name and raise the
same, which a property test holds against the originals; they are put in place in the worker only, and the
exact version of pyHanko is pinned.
"""

from __future__ import annotations

import io
import os
import re
from functools import lru_cache
from typing import Any

from pyhanko.pdf_utils import generic, misc

_STEP = 64
_END = re.compile(b"[" + re.escape(misc.PDF_WHITESPACE + misc.PDF_DELIMITERS) + b"]")
_PASSED_BY = misc.PDF_WHITESPACE + b"%"
_LONGEST_KEPT = 64
_read_non_whitespace = misc.read_non_whitespace
_decode_name = generic._decode_name  # noqa: SLF001
_write_name = generic.NameObject.write_to_stream


def read_names_whole() -> None:
    """From now on, in this process."""
    module: Any = generic
    module.read_until_delimiter = read_until_delimiter
    module.read_non_whitespace = read_non_whitespace
    module.NameObject.read_from_stream = staticmethod(read_name)
    module.NameObject.write_to_stream = write_name


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


@lru_cache(maxsize=1024)
def _decoded(raw: bytes) -> str:
    return str(_decode_name(raw))


@lru_cache(maxsize=1024)
def _encoded(name: str) -> bytes:
    written = io.BytesIO()
    _write_name(generic.NameObject(name), written)
    return written.getvalue()
