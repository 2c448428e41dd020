"""A few kills of a real server; ``scripts/torture kill`` does 200 on each store, and the others' parts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = 6


@pytest.mark.torture
@pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def test_nothing_acknowledged_is_lost_and_nothing_is_half_made(store: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, str(ROOT / "scripts" / "torture_kill.py"), "--json", str(report)]
    ended = subprocess.run(
        [*command, "--parts", "login", "--stores", store, "--attempts", str(ATTEMPTS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (case,) = json.loads(report.read_text())["cases"]
    assert (case["name"], case["attempts"], case["failures"]) == (f"kill_{store}", ATTEMPTS, 0)
