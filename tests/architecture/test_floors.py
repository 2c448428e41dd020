"""The floors and the other import contracts of pyproject.toml hold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_import_contracts_are_kept(root: Path) -> None:
    command = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run(
        [str(command), "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
