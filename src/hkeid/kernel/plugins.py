"""One lazy entry-point lookup, by which public façades find default adapters.

A room below must not import an adapter above it; it asks for one by port name instead. Adapters
announce themselves in ``pyproject.toml`` under ``[project.entry-points."hkeid.PORT"]``.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any

from hkeid.kernel.errors import ConfigurationError


@cache
def load(port: str, name: str) -> Any:
    """The object registered as ``name`` for ``port`` (for example ``load("store", "memory")``).

    :raises ConfigurationError: reason ``plugin_unknown``; the detail lists what there is.
    """
    found = entry_points(group=f"hkeid.{port}", name=name)
    for point in found:
        return point.load()
    names = ", ".join(sorted(point.name for point in entry_points(group=f"hkeid.{port}")))
    raise ConfigurationError("plugin_unknown", detail=f"no {port} called {name!r}; known: {names}")
