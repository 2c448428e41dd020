"""What the documents tell people to type exists."""

from __future__ import annotations

import importlib
import os
import re
import tomllib
from pathlib import Path

import pytest

from hkeid import __version__

_DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/**/*.md")


def _documents(root: Path) -> list[Path]:
    return [
        path for pattern in _DOCUMENTS for path in root.glob(pattern) if "_build" not in path.parts
    ]


def _fenced(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_every_script_named_is_there_and_runs(root: Path) -> None:
    missing = []
    for document in _documents(root):
        for name in re.findall(r"\bscripts/([a-z_]+)\b(?![./])", document.read_text("utf-8")):
            script = root / "scripts" / name
            if name != "lib" and not (script.is_file() and os.access(script, os.X_OK)):
                missing.append(f"{document.relative_to(root)}: scripts/{name}")
    assert not missing


def test_every_command_of_hkeid_named_is_there(root: Path) -> None:
    main = importlib.import_module("hkeid_server.cli").main
    missing = []
    for document in _documents(root):
        for block in _fenced(document.read_text("utf-8"), "console"):
            for line in re.findall(r"^[$#] hkeid +([a-z].*)$", block, re.MULTILINE):
                if not _known(main, line.split()):
                    missing += [f"{document.relative_to(root)}: hkeid {line}"]
    assert not missing


def _known(command: object, words: list[str]) -> bool:
    commands = getattr(command, "commands", None)
    if commands is None or not words or words[0].startswith(("-", "#")):
        return True
    return words[0] in commands and _known(commands[words[0]], words[1:])


def test_every_python_example_of_the_readme_imports(root: Path) -> None:
    for block in _fenced((root / "README.md").read_text("utf-8"), "python"):
        for module, names in re.findall(
            r"^from (hkeid[\w.]*) import ([\w, ]+)", block, re.MULTILINE
        ):
            loaded = importlib.import_module(module)
            for name in names.split(","):
                assert hasattr(loaded, name.strip()), f"{module}.{name.strip()}"


def test_links_between_documents_lead_somewhere(root: Path) -> None:
    broken = []
    for document in [*_documents(root), root / "CHANGELOG.md", root / "SECURITY.md"]:
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text("utf-8")):
            if "://" not in target and not (document.parent / target).exists():
                broken += [f"{document.relative_to(root)}: {target}"]
    assert not broken


def test_places_of_the_demonstration_are_listed_and_left_free(root: Path) -> None:
    """Who follows a tutorial has the demonstration running: a service of their own needs a place of its own."""
    demonstration = (root / "scripts" / "lib" / "demo.py").read_text("utf-8")
    ports = {
        int(one) for one in re.findall(r"^    \w+: int = (\d{4})$", demonstration, re.MULTILINE)
    }
    assert len(ports) > 8
    places = (root / "docs" / "reference" / "ports-and-places.md").read_text("utf-8")
    assert {int(one) for one in re.findall(r"^\| (\d{4}) \|", places, re.MULTILINE)} >= ports
    for name in ("flask", "django"):
        tutorial = (root / "docs" / "tutorials" / f"relying-party-{name}.md").read_text("utf-8")
        own = {int(one) for one in re.findall(r"(?:localhost:|--port |runserver )(\d+)", tutorial)}
        assert own - {8000}
        assert not (own - {8000}) & ports


def test_the_changelog_knows_this_version(root: Path) -> None:
    text = (root / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{__version__}]" in text or "## [Unreleased]" in text


@pytest.mark.parametrize(
    "name", ["README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "LICENSE"]
)
def test_a_newcomer_finds(name: str, root: Path) -> None:
    assert (root / name).stat().st_size > 200


def test_extras_named_in_errors_exist(root: Path, sources: tuple[Path, ...]) -> None:
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for path in sources:
        for extra in re.findall(r'MissingExtra\(\s*"[^"]+",\s*"([^"]+)"', path.read_text("utf-8")):
            assert extra in extras, f"{path.name}: {extra}"
