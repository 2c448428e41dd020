"""``scripts/torture tokens``, with a tenth of its signatures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "torture_tokens.py"
CASES = {
    "tokens_parallel": 160,
    "tokens_pulled_folder": 160,
    "tokens_pulled_server": 160,
    "tokens_threads_pulled": 160,
    "tokens_forked": 103,
}


@pytest.mark.torture
@pytest.mark.timeout(1800)
def test_a_token_under_stress(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), "--tenth", "--json", str(report)],
        check=False,
        timeout=1700,
    )
    cases = json.loads(report.read_text())["cases"]
    assert {case["name"]: case["attempts"] for case in cases} == CASES
    assert [case["notes"] for case in cases if case["failures"]] == []
    for case in cases:
        if "pulled" in case["name"]:
            assert len(case["absences_seconds"]) == 2
            assert sum(case["turned_away"].values()) >= 3
            assert set(case["turned_away"]) <= {"token_absent", "token_removed", "token_failed"}
    assert ended.returncode == 0
