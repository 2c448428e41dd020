"""A strict reader for the CBOR of CTAP2 (WebAuthn L3 §2.4; RFC 8949, the part that CTAP2 uses).

Definite lengths only, no tags, no floating point, map keys integers or text and each once, text
valid UTF-8, nesting bounded, no byte read beyond the end. python-fido2's reader forgives truncated
strings and lets the last of two equal keys win, so two parties could read one object differently.
"""

from __future__ import annotations

from typing import Any

from hkeid.webauthn.errors import MalformedResponse

_DEPTH = 8
_ITEMS = 256


class _Bad(Exception):
    """Not the CBOR wanted here; never leaves this module."""


def decode(data: bytes, *, field: str) -> Any:
    """The one value that ``data`` holds.

    :raises MalformedResponse: ``cbor_malformed``, or ``cbor_leftover`` where bytes follow it.
    """
    value, end = decode_at(data, 0, field=field)
    if end != len(data):
        raise MalformedResponse("cbor_leftover", field=field)
    return value


def decode_at(data: bytes, offset: int, *, field: str) -> tuple[Any, int]:
    """The value at ``offset`` and the offset after it.

    :raises MalformedResponse: ``cbor_malformed``.
    """
    try:
        return _item(data, offset, _DEPTH)
    except (_Bad, IndexError, UnicodeDecodeError):
        raise MalformedResponse("cbor_malformed", field=field) from None


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Major type, argument and the offset after the head (RFC 8949 §3)."""
    first = data[at]
    low = first & 0x1F
    at += 1
    if low < 24:
        return first >> 5, low, at
    if low > 27:  # 28-30 are reserved, 31 is an indefinite length
        raise _Bad
    size = 1 << (low - 24)
    end = at + size
    if end > len(data):
        raise _Bad
    return first >> 5, int.from_bytes(data[at:end], "big"), end


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    simple = data[at]
    major, argument, at = _head(data, at)
    if major == 0:
        return argument, at
    if major == 1:
        return -1 - argument, at
    if major in (2, 3):
        end = at + argument
        if end > len(data):
            raise _Bad
        piece = data[at:end]
        return (piece if major == 2 else piece.decode("utf-8")), end
    if major in (4, 5):
        if not depth or argument > _ITEMS:
            raise _Bad
        read = _array if major == 4 else _map
        return read(data, at, argument, depth - 1)
    if simple in _SIMPLE:
        return _SIMPLE[simple], at
    raise _Bad  # a tag, a float or another simple value


_SIMPLE = {0xF4: False, 0xF5: True, 0xF6: None}


def _array(data: bytes, at: int, count: int, depth: int) -> tuple[list[Any], int]:
    values = []
    for _ in range(count):
        value, at = _item(data, at, depth)
        values.append(value)
    return values, at


def _map(data: bytes, at: int, count: int, depth: int) -> tuple[dict[int | str, Any], int]:
    values: dict[int | str, Any] = {}
    for _ in range(count):
        key, at = _item(data, at, depth)
        # bool is an int in Python, and 1 == True: neither belongs among the keys
        if type(key) not in (int, str) or key in values:
            raise _Bad
        values[key], at = _item(data, at, depth)
    return values, at
