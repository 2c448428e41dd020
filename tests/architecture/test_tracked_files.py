"""What may stand in the repository: no machine's paths, no registry's hosts, no private keys."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

_BINARY = {".png", ".jpg", ".ico", ".woff2", ".mo", ".der", ".bin", ".gz"}

# Written in pieces, so that this file does not find itself.
_FORBIDDEN = {
    "a path of one machine": r"(?<![\w.:/])/(?:wor" r"k|roo" r"t|ho" r"me|Use" r"rs)/\w",
    "a registry's host": r"(?:pyp"
    r"i\.org|pythonho"
    r"sted|npmj"
    r"s\.(?:org|com)|yarnp"
    r"kg\.com)",
    "an index option": r"--(?:index-url|extra-index-url|find-links|trusted-host)\b(?<!--no-emit)",
    "unfinished work": r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b",
    "a conflict marker": r"^(?:<{7}|>{7}) ",
}
_EXCEPT = {
    # This script names the options in order to leave them out.
    ("an index option", "scripts/lock"),
}


def _texts(tracked: tuple[Path, ...], root: Path) -> Iterator[tuple[str, str]]:
    for path in tracked:
        if path.suffix not in _BINARY:
            yield str(path.relative_to(root)), path.read_text("utf-8")


@pytest.mark.parametrize("what", _FORBIDDEN)
def test_no_file_contains(what: str, tracked: tuple[Path, ...], root: Path) -> None:
    pattern = re.compile(_FORBIDDEN[what], re.MULTILINE)
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for name, text in _texts(tracked, root)
        if (what, name) not in _EXCEPT
        for match in pattern.finditer(text)
    ]
    assert not found, "\n".join(found[:30])


def test_no_private_key_outside_the_tests(tracked: tuple[Path, ...], root: Path) -> None:
    marker = "-----BEGIN " + "PRIVATE KEY"
    found = [name for name, text in _texts(tracked, root) if marker in text]
    assert all(name.startswith("tests/") for name in found)


def test_locks_name_no_host(tracked: tuple[Path, ...], root: Path) -> None:
    for name, text in _texts(tracked, root):
        if name.startswith("requirements/"):
            assert "://" not in text, name
            assert not re.search(r"^-", text, re.MULTILINE), name
        if name.endswith("package-lock.json"):
            assert '"resolved"' not in text, name


def test_requirements_are_pinned_by_hash(root: Path) -> None:
    for path in (root / "requirements").glob("*.txt"):
        logical = path.read_text("utf-8").replace("\\\n", " ").splitlines()
        for line in logical:
            if line.strip() and not line.startswith("#"):
                assert "==" in line, f"{path.name}: {line}"
                assert "--hash=sha256:" in line, f"{path.name}: {line}"


def test_every_dependency_is_locked(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    groups = (project["project"]["dependencies"], *extras.values())
    wanted = [line for group in (*groups, *project["dependency-groups"].values()) for line in group]
    names = {re.split(r"[^A-Za-z0-9-]", line)[0].lower() for line in wanted} - {"hkeid"}
    locked = (root / "requirements" / "all.txt").read_text("utf-8")
    missing = {name for name in names if not re.search(rf"^{name}==", locked, re.MULTILINE)}
    assert not missing, "run scripts/lock"


_EMPTY_NAMES = {"common", "data", "helper", "helpers", "info", "manager", "misc", "util", "utils"}


def test_no_source_file_has_an_empty_name(sources: tuple[Path, ...], root: Path) -> None:
    bad = [p for p in sources if {p.stem, p.parent.name} & _EMPTY_NAMES]
    assert not bad


_EDGES = {"adapters", "rp", "testing"}


def test_core_rooms_know_residents_not_users(sources: tuple[Path, ...], root: Path) -> None:
    """Applicant, resident, officer and operator differ; "user" alone says none of them."""
    found = []
    for path in sources:
        parts = path.relative_to(root / "src").parts
        if parts[0] != "hkeid" or parts[1] in _EDGES:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = (
                getattr(node, "id", None)
                or getattr(node, "arg", None)
                or getattr(node, "name", None)
            )
            if name in {"user", "users", "User", "user_id"}:
                found.append(f"{path.relative_to(root)}:{getattr(node, 'lineno', '?')}: {name}")
    assert not found, "\n".join(found)


_TOP = {
    ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md",
    "pyproject.toml",
}  # fmt: skip


def test_nothing_is_left_lying_at_the_top(tracked: tuple[Path, ...], root: Path) -> None:
    assert {path.name for path in tracked if path.parent == root} == _TOP
