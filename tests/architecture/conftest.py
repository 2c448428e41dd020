"""What the house-rule tests share: the repository's tracked files and the package's modules."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tracked(root: Path) -> tuple[Path, ...]:
    """Every file under version control or about to be, as absolute paths."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (path := root / name).is_file())


@pytest.fixture(scope="session")
def sources(tracked: tuple[Path, ...], root: Path) -> tuple[Path, ...]:
    """Python files below src."""
    return tuple(p for p in tracked if p.suffix == ".py" and p.is_relative_to(root / "src"))
