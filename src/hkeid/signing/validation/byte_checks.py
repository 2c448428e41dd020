"""What can be seen of a signature in the bytes alone, without any parser."""

from __future__ import annotations

import re

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
    end = _element_end(contents)
    return end is not None and not contents[end:].strip(b"\x00")


def _element_end(contents: bytes) -> int | None:
    """Where the first BER element ends, a SEQUENCE; None where it ends nowhere. Old software writes lengths of the
    indefinite form (X.690 §8.1.3.6), whose elements end with two zeros.
    """
    if not contents.startswith(b"\x30"):
        return None
    place, open_elements = 0, 0
    while True:
        header = _header(contents, place)
        if header is None:
            return None
        place, length, constructed = header
        if length is not None:
            place += length
        elif not constructed:
            return None
        ends = length == 0 and contents[place - 2 : place] == b"\x00\x00"
        open_elements += (length is None) - ends
        if open_elements <= 0:
            return place if place <= len(contents) else None


def _header(contents: bytes, place: int) -> tuple[int, int | None, bool] | None:
    """Where the contents of an element begin, their length, None for the indefinite form, and whether it is
    constructed; tags of one octet alone, as CMS has.
    """
    if place + 2 > len(contents) or contents[place] & 0x1F == 0x1F:
        return None
    constructed, first = bool(contents[place] & 0x20), contents[place + 1]
    if first < 0x80:
        return place + 2, first, constructed
    octets = first & 0x7F
    if octets == 0:
        return place + 2, None, constructed
    if octets > 4 or place + 2 + octets > len(contents):
        return None
    length = int.from_bytes(contents[place + 2 : place + 2 + octets], "big")
    return place + 2 + octets, length, constructed
