"""How values stand in columns: instants as microseconds, lists and mappings as canonical JSON."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds


def moment(value: Instant | None) -> int | None:
    """The column's value of an instant that may be missing."""
    return None if value is None else epoch_microseconds(value)


def instant(value: int | None) -> Instant | None:
    """The instant that may be missing."""
    return None if value is None else from_epoch_microseconds(value)


@lru_cache(maxsize=1024)
def words(column: bytes) -> tuple[str, ...]:
    """The words of a JSON list. Few different lists occur, each very often."""
    return tuple(canonical_json.loads(column))


def word_list(value: Collection[str]) -> bytes:
    """The JSON list of words, in their order."""
    return _word_list(tuple(value))


@lru_cache(maxsize=1024)
def _word_list(value: tuple[str, ...]) -> bytes:
    return canonical_json.dumps(list(value))
