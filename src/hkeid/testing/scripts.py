"""Texts in the three scripts, read strictly from the shipped TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from hkeid.identity.language import Language
from hkeid.kernel.errors import ConfigurationError

_TAGS = frozenset(language.value for language in Language)


def shipped(name: str) -> dict[str, Any]:
    """The parsed TOML file ``name`` that lies beside this module."""
    return tomllib.loads(files("hkeid.testing").joinpath(name).read_text("utf-8"))


def refuse(where: str, what: str) -> ConfigurationError:
    """The error for a shipped file that does not hold together (reason ``shipped_file_invalid``)."""
    return ConfigurationError("shipped_file_invalid", detail=f"{where}: {what}")


def three_scripts(where: str, texts: object) -> Mapping[str, str]:
    """``texts`` if it is a text in each of the three scripts, none of them empty.

    :raises hkeid.kernel.errors.ConfigurationError: reason ``shipped_file_invalid``.
    """
    if not isinstance(texts, dict) or set(texts) != _TAGS:
        raise refuse(where, "wants a text in each of the three scripts")
    if not all(isinstance(text, str) and text.strip() for text in texts.values()):
        raise refuse(where, "has an empty text")
    return MappingProxyType(dict(texts))


def only_keys(where: str, entry: Mapping[str, Any], known: AbstractSet[str]) -> None:
    """Refuse members that nobody reads.

    :raises hkeid.kernel.errors.ConfigurationError: reason ``shipped_file_invalid``.
    """
    unknown = set(entry) - known
    if unknown:
        raise refuse(where, f"unknown members {sorted(unknown)}")
