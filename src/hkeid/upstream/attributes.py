"""What an upstream says about a person: names and values, the values never printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NoReturn

from hkeid.upstream.errors import UpstreamMalformed

MOST_NAMES = 200
MOST_VALUES = 200
LONGEST_VALUE = 65_536


class Attributes(Mapping[str, tuple[str, ...]]):
    """Attributes by name, each with its values in order. ``repr`` shows the names alone.

    Immutable; not pickled. Personal data goes through here, so that no log line, traceback or assertion
    message gets hold of it by accident.

    :raises UpstreamMalformed: ``attributes_too_many``, ``attribute_too_long``.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Iterable[str]] | None = None) -> None:
        held = {name: tuple(several) for name, several in (values or {}).items()}
        if len(held) > MOST_NAMES or any(len(several) > MOST_VALUES for several in held.values()):
            raise UpstreamMalformed("attributes_too_many")
        if any(len(one) > LONGEST_VALUE for several in held.values() for one in several):
            raise UpstreamMalformed("attribute_too_long")
        self._values: Mapping[str, tuple[str, ...]] = MappingProxyType(held)

    def first(self, name: str) -> str | None:
        """The first value of an attribute, or None."""
        values = self._values.get(name)
        return values[0] if values else None

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Attributes({', '.join(sorted(self._values))})"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("Attributes are not pickled")


NO_ATTRIBUTES = Attributes()
