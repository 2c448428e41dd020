"""What a package says it exports is what it exports."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[2] / "src"


def _module_name(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _assigned_all(path: Path) -> bool:
    tree = ast.parse(path.read_text("utf-8"))
    return any(
        isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
        for node in tree.body
    )


def _reexports(path: Path) -> Iterator[str]:
    """Names that a package's ``__init__`` imports from hkeid only to pass them on."""
    tree = ast.parse(path.read_text("utf-8"))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "hkeid":
            names = {alias.asname or alias.name for alias in node.names}
            yield from sorted(names - used)


# Modules under src that only run inside the tool that loads them.
_NOT_IMPORTABLE_ALONE = ("migrations",)

FILES = [
    path
    for path in sorted(SRC.rglob("*.py"))
    if not any(part in _NOT_IMPORTABLE_ALONE for part in path.parts)
]


@pytest.mark.parametrize("path", [p for p in FILES if _assigned_all(p)], ids=_module_name)
def test_all_names_exist_once(path: Path) -> None:
    module = importlib.import_module(_module_name(path))
    exported = list(module.__all__)
    assert len(exported) == len(set(exported))
    missing = [name for name in exported if not hasattr(module, name)]
    assert not missing


PACKAGES = [p for p in FILES if p.name == "__init__.py" and any(_reexports(p))]


@pytest.mark.parametrize("path", PACKAGES, ids=_module_name)
def test_a_package_lists_all_that_it_reexports(path: Path) -> None:
    public = {name for name in _reexports(path) if not name.startswith("_")}
    module = importlib.import_module(_module_name(path))
    listed = set(getattr(module, "__all__", ()))
    assert listed >= public, f"imported for others but not in __all__: {sorted(public - listed)}"
