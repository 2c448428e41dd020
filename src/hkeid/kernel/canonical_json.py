"""JSON with one text for one value, for what is hashed, signed or stored."""

from __future__ import annotations

import json
from typing import Any

from hkeid.kernel.errors import MalformedInput

_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def dumps(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no white space. Floats have no place in hkeid's records."""
    return _ENCODER.encode(value).encode("utf-8")


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate member name")
    return result


def _reject_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_reject_duplicates, parse_constant=_reject_constant)


def loads(text: bytes | str, *, field: str | None = None) -> Any:
    """Parse JSON strictly: duplicate members, NaN and trailing text are refused (RFC 8259 §4).

    :raises MalformedInput: reason ``json_malformed``.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise MalformedInput("json_malformed", field=field, detail=type(error).__name__) from None


def loads_object(text: bytes | str, *, field: str | None = None) -> dict[str, Any]:
    """Like :func:`loads`, and the value must be an object (reason ``json_not_object``)."""
    value = loads(text, field=field)
    if not isinstance(value, dict):
        raise MalformedInput("json_not_object", field=field)
    return value
