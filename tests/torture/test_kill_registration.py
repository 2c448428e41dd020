"""A few kills over registrations; ``scripts/torture kill`` does 125 on each store."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = 5


@pytest.mark.torture
@pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def test_nothing_is_half_bound_and_no_picture_is_left(store: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    script = str(ROOT / "scripts" / "torture_registration.py")
    options = ["--stores", store, "--attempts", str(ATTEMPTS)]
    ended = subprocess.run(
        [sys.executable, script, "--json", str(report), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (case,) = json.loads(report.read_text())["cases"]
    assert (case["name"], case["attempts"], case["failures"]) == (
        f"kill_registration_{store}",
        ATTEMPTS,
        0,
    )
