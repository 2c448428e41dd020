"""Packages whose public names are imported when they are asked for (PEP 562).

Who takes one name of a package does not pay for what stands behind the others (law 8).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def names_on_demand(package: str, names: Mapping[str, tuple[str, ...]]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package.

    :param package: its ``__name__``.
    :param names: what each of its modules offers, by the module's name within the package.
    """
    where = {name: module for module, offered in names.items() for name in offered}

    def find(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{where[name]}"), name)
        setattr(sys.modules[package], name, found)
        return found

    return find
