"""The reference pages say what there is: every key with its default, every command."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import get_type_hints

import click
import pytest

from hkeid.kernel.secret import Secret
from hkeid_server.cli import main
from hkeid_server.config import Config

DOCS = Path(__file__).resolve().parents[3] / "docs"


def keys() -> list[tuple[str, str, object]]:
    """Section, key and default of everything that may be configured."""
    found = []
    for name, kind in get_type_hints(Config).items():
        if name == "folder":
            continue
        if not dataclasses.is_dataclass(kind):
            found.append(("", name, Config.__dataclass_fields__[name].default))
            continue
        hints = get_type_hints(kind)
        for one in dataclasses.fields(kind):
            suffix = "_file" if hints[one.name] == (Secret | None) else ""
            found.append((name, one.name + suffix, one.default))
    return found


@pytest.mark.parametrize(("section", "key", "default"), keys())
def test_configuration_page_has(section: str, key: str, default: object) -> None:
    text = (DOCS / "reference" / "configuration.md").read_text("utf-8")
    begin = text.index(f"## `[{section}]`" if section else "## Top level")
    table = text[begin : text.index("\n## ", begin + 3)]
    (row,) = [line for line in table.splitlines() if line.startswith(f"| `{key}` |")]
    if isinstance(default, bool):
        assert f"| `{str(default).lower()}` |" in row
    elif isinstance(default, (int, str, Path)):
        assert re.search(rf'\| `"?{re.escape(str(default))}"?` \|', row)


def commands(group: click.Group, *before: str) -> list[str]:
    found = []
    for name in group.commands:
        command = group.commands[name]
        if isinstance(command, click.Group):
            found += commands(command, *before, name)
        else:
            found.append(" ".join((*before, name)))
    return found


@pytest.mark.parametrize("words", commands(main))
def test_command_page_has(words: str) -> None:
    text = (DOCS / "reference" / "command-line.md").read_text("utf-8")
    assert re.search(rf"^\$ hkeid {re.escape(words)}\b", text, re.MULTILINE)
