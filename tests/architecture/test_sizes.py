"""A function fits on a screen, a file has one subject."""

from __future__ import annotations

import ast
from pathlib import Path

FUNCTION_LINES = 60
FILE_LINES = 400

# Each with its reason; keep this short.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def test_files_have_one_subject(sources: tuple[Path, ...], root: Path) -> None:
    long = {
        str(path.relative_to(root)): lines
        for path in sources
        if (lines := path.read_text("utf-8").count("\n")) > FILE_LINES
    }
    assert set(long) == set(LONG_FILES), long


def test_functions_fit_on_a_screen(sources: tuple[Path, ...], root: Path) -> None:
    long = {}
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES:
                long[f"{path.relative_to(root)}:{node.name}"] = lines
    assert set(long) == set(LONG_FUNCTIONS), long
