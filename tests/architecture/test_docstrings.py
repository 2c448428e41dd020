"""Everything public says what it does (see also the docstring gate of scripts/check)."""

from __future__ import annotations

import ast
from pathlib import Path


def test_every_module_class_and_function_has_a_docstring(
    sources: tuple[Path, ...], root: Path
) -> None:
    silent = []
    for path in sources:
        tree = ast.parse(path.read_text("utf-8"))
        where = path.relative_to(root)
        if ast.get_docstring(tree) is None:
            silent.append(f"{where}: the module")
        silent += [f"{where}:{node.lineno}: {node.name}" for node in _public(tree) if _silent(node)]
    assert not silent, "\n".join(silent)


_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _public(body: ast.Module | ast.ClassDef) -> list[_Definition]:
    """Definitions that a reader of the module can reach, those in public classes included."""
    found: list[_Definition] = []
    for node in body.body:
        if isinstance(node, _Definition) and not node.name.startswith("_"):
            found.append(node)
            if isinstance(node, ast.ClassDef):
                found += _public(node)
    return found


def _silent(node: _Definition) -> bool:
    if ast.get_docstring(node) is not None:
        return False
    # A property is described by its class (":ivar"); an overload and an override by the original.
    names = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
    return not names & {"property", "setter", "overload", "override"}
