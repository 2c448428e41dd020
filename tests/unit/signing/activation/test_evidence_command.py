"""``hkeid pdf evidence``: what verifies, what does not, and what cannot be read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner, Result
from tests.unit.signing.activation.conftest import ORIGIN

from hkeid_server.cli import main


def _run(file: Path, *more: str, rp_id: str = "id.example.hk") -> Result:
    words = ["pdf", "evidence", str(file), "--rp-id", rp_id, "--origin", ORIGIN, *more]
    return CliRunner().invoke(main, words, catch_exceptions=False)


def test_evidence(notary, tmp_path) -> None:
    request = notary.request("a.pdf")
    made = notary.sign(notary.approve(request), request)
    file = tmp_path / "evidence.json"
    file.write_bytes(replace(made.evidence, display=request.display).dumps())
    good = _run(file, "--json")
    assert good.exit_code == 0
    members = json.loads(good.stdout)
    assert members["valid"] is True
    assert len(members["documents"]) == 1
    other = _run(file, rp_id="other.example.hk")
    assert other.exit_code == 2
    assert "rp_id_mismatch" in other.stdout
    file.write_bytes(b"{}")
    assert _run(file).exit_code == 1
