"""What can be seen of a signature in the bytes alone, without any parser."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADER = b"%PDF-"
_END = b"%%EOF"
_WHITE = b"\x00\t\n\x0c\r "
_HEX = re.compile(rb"<[0-9A-Fa-f]*>")


def is_framed(pdf: bytes) -> bool:
    """The header begins the file and an end-of-file marker ends it (ISO 32000-2 §7.5.2, §7.5.5)."""
    end = pdf.rfind(_END)
    return pdf.startswith(_HEADER) and end >= 0 and not pdf[end + len(_END) :].strip(_WHITE)


def revision_end(byte_range: tuple[int, ...], size: int) -> int | None:
    """Where the signed bytes end, if the range begins the file and has one gap (ISO 32000-2 §12.8.1)."""
    match byte_range:
        case (0, first, second, rest) if 0 < first < second and rest > 0 and second + rest <= size:
            return second + rest
    return None


def gap_is_signature(pdf: bytes, byte_range: tuple[int, ...], contents: bytes) -> bool:
    """The gap holds ``contents`` in hexadecimal and nothing else: no other object hides in it."""
    _, first, second, _ = byte_range
    gap = pdf[first:second]
    return (
        _HEX.fullmatch(gap) is not None
        and len(gap) == 2 * len(contents) + 2
        and bytes.fromhex(gap[1:-1].decode("ascii")) == contents
    )


def continues_after(pdf: bytes, end: int) -> bool:
    """The table that the file ends with lies behind the signed revision: readers start with what is newest,
    and nothing behind the revision belongs to no revision (ISO 32000-2 §7.5.5).
    """
    words = pdf[pdf.rfind(b"startxref") :].split(maxsplit=2)
    return len(words) > 1 and words[1].isdigit() and int(words[1]) >= end


def padding_is_empty(contents: bytes) -> bool:
    """Behind the CMS there are only zeros (ISO 32000-2 §12.8.3.3)."""
    length = _length(contents)
    return length is not None and not contents[length:].strip(b"\x00")


def _length(contents: bytes) -> int | None:
    """Of the first DER element, header included."""
    header = tuple(_header(contents))
    return header[0] if header and header[0] <= len(contents) else None


def _header(contents: bytes) -> Iterator[int]:
    if len(contents) < 2 or contents[0] != 0x30:
        return
    first = contents[1]
    if first < 0x80:
        yield 2 + first
    elif 0x81 <= first <= 0x84:
        octets = first & 0x7F
        yield 2 + octets + int.from_bytes(contents[2 : 2 + octets], "big")
