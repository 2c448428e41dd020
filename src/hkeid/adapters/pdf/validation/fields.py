"""Finding signatures through the form, with pyHanko's objects and our own patience: one broken field must not hide
the others (ISO 32000-2 §12.7.4, §12.7.5.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pyhanko.pdf_utils import generic

_DEEPEST = 32
_MOST = 20_000


@dataclass(slots=True)
class FoundSignature:
    """A signature dictionary and the fields that point at it.

    :ivar value: reference of ``/V`` as it stands there; no reference where the dictionary stands in the field.
    """

    name: str
    field: Any
    value: Any
    also_in: list[str] = field(default_factory=list)


def signatures_in(root: Any) -> list[FoundSignature]:
    """Every signature once, whichever fields it is in."""
    found: dict[Any, FoundSignature] = {}
    for number, (name, one, value) in enumerate(_filled(root)):
        indirect = isinstance(value, generic.IndirectObject)
        key = (value.idnum, value.generation) if indirect else number
        if isinstance(key, tuple) and key in found:
            found[key].also_in.append(name)
        else:
            found[key] = FoundSignature(name, one, value)
    return list(found.values())


def _filled(root: Any) -> Iterator[tuple[str, Any, Any]]:
    form = entry(root, "/AcroForm")
    left = [
        (one, "", None, None, 0)
        for one in reversed(_items(entry(form, "/Fields") if form is not None else None))
    ]
    count = 0
    while left:
        one, above, kind, value, depth = left.pop()
        count += 1
        if depth > _DEEPEST or count > _MOST:
            raise ValueError("a form without end")
        if not isinstance(one, generic.DictionaryObject):
            continue
        own = entry(one, "/T")
        name = ".".join(part for part in (above, "" if own is None else str(own)) if part)
        kind = entry(one, "/FT") or kind
        value = _raw(one, "/V") or value
        kids = [kid for kid in _items(entry(one, "/Kids")) if _named(kid)]
        if kids:
            left += [(kid, name, kind, value, depth + 1) for kid in reversed(kids)]
        elif kind == "/Sig" and value is not None and _is_there(value):
            yield name, one, value


def _named(kid: Any) -> bool:
    return isinstance(kid, generic.DictionaryObject) and "/T" in kid


def _is_there(value: Any) -> bool:
    """A value of null is none (ISO 32000-2 §7.3.9)."""
    try:
        return not isinstance(value.get_object(), generic.NullObject)
    except Exception:  # noqa: BLE001 - a reference to nowhere is looked at, and reported, by itself
        return True


def _raw(one: Any, key: str) -> Any:
    try:
        return one.raw_get(key)
    except KeyError:
        return None


def entry(one: Any, key: str) -> Any:
    """An entry with its reference followed, or None."""
    try:
        return one[key]
    except (KeyError, TypeError):
        return None


def _items(array: Any) -> list[Any]:
    if not isinstance(array, generic.ArrayObject):
        return []
    return [array[place] for place in range(len(array))]
