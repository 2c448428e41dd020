"""From the claims of an ID token and UserInfo to attributes: texts, flat, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hkeid.upstream.attributes import MOST_VALUES, Attributes
from hkeid.upstream.errors import UpstreamMalformed

_DEEPEST: Final = 3
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-.")


def attributes_of(claims: Mapping[str, Any]) -> Attributes:
    """Claims as attributes: ``address.locality`` for members of objects, numbers and truth values as JSON
    writes them, null left out.

    :raises UpstreamMalformed: ``claims_too_deep``, ``attributes_too_many``, ``attribute_too_long``.
    """
    found: dict[str, list[str]] = {}
    for name, value in claims.items():
        for path, text in _texts(name, value, 0):
            held = found.setdefault(path, [])
            if len(held) >= MOST_VALUES:
                raise UpstreamMalformed("attributes_too_many")
            held.append(text)
    return Attributes(found)


def _texts(path: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        raise UpstreamMalformed("claims_too_deep")
    match value:
        case None:
            return
        case str():
            yield path, value
        case bool():
            yield path, "true" if value else "false"
        case int() | float():
            yield path, str(value)
        case dict():
            for name, inner in value.items():
                yield from _texts(f"{path}.{name}", inner, depth + 1)
        case list():
            for inner in value:
                yield from _texts(path, inner, depth + 1)


def methods_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """``amr``: the values that look like those of RFC 8176, each once; at most ten."""
    given = claims.get("amr", [])
    words = [
        word
        for word in (given if isinstance(given, list) else [])
        if isinstance(word, str) and 0 < len(word) <= 32 and set(word) <= _WORD
    ]
    return tuple(dict.fromkeys(words))[:10]
