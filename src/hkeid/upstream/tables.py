"""Strict reading of tables that come from TOML: an unknown key is an error with a suggestion (law 9)."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from typing import Any

from hkeid.kernel.errors import ConfigurationError


def refuse_table(what: str, complaint: str) -> ConfigurationError:
    """The error about a table; its reason is ``{what}_table_invalid``."""
    return ConfigurationError(f"{what}_table_invalid", detail=complaint)


def suggestion(wrong: str, known: AbstractSet[str]) -> str:
    """``; did you mean 'x'?``, or nothing where nothing is near."""
    near = get_close_matches(wrong, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def only_known(what: str, table: Mapping[str, Any], known: AbstractSet[str]) -> None:
    """Refuse keys that nobody reads.

    :raises ConfigurationError: ``{what}_table_invalid``.
    """
    for key in table:
        if key not in known:
            raise refuse_table(what, f"unknown key {key!r}{suggestion(key, known)}")


def text_table(what: str, key: str, table: Mapping[str, Any]) -> dict[str, str]:
    """The table of texts under ``key``; empty where there is none.

    :raises ConfigurationError: ``{what}_table_invalid``.
    """
    inner = table.get(key, {})
    if not isinstance(inner, Mapping) or not all(isinstance(one, str) for one in inner.values()):
        raise refuse_table(what, f"{key} is no table of texts")
    return dict(inner)


def text_list(what: str, key: str, value: Any) -> tuple[str, ...]:
    """A non-empty list of non-empty texts.

    :raises ConfigurationError: ``{what}_table_invalid``.
    """
    if not isinstance(value, list | tuple) or not value:
        raise refuse_table(what, f"{key} is no list")
    if not all(isinstance(one, str) and one for one in value):
        raise refuse_table(what, f"{key} wants texts")
    return tuple(value)
