"""``scripts/torture saml``, with a tenth of its mutants and of its messages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "torture_saml.py"


@pytest.mark.torture
@pytest.mark.timeout(3600)
def test_mutated_documents_and_tenants(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), "--tenth", "--json", str(report)],
        check=False,
        timeout=3500,
    )
    tenants, mutants = json.loads(report.read_text())["cases"]
    assert (tenants["attempts"], tenants["failures"]) == (1_000, 0), tenants["notes"]
    assert (mutants["attempts"], mutants["failures"]) == (20_000, 0), mutants["notes"]
    assert ended.returncode == 0
