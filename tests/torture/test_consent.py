"""``scripts/torture consent`` at a tenth; and broken ledgers that its model finds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hkeid.profile import deciding, holding
from hkeid.profile.forms import fetching
from hkeid.profile.records import ConsentDecision
from hkeid.testing import consent_histories

SCRIPT = Path(__file__).parents[2] / "scripts" / "torture_consent.py"


@pytest.mark.torture
@pytest.mark.timeout(900)
def test_random_histories(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, str(SCRIPT), "--tenth", "--json", str(report)]
    ended = subprocess.run(command, check=False, timeout=850)
    (case,) = json.loads(report.read_text())["cases"]
    assert (case["attempts"], case["failures"]) == (2_000, 0), case["notes"]
    assert ended.returncode == 0


def differences(histories: int = 400) -> int:
    (case,) = consent_histories.run(histories, seed=1, progress=lambda _: None)
    assert case["attempts"] == histories
    return int(case["failures"])


def test_a_sound_ledger_has_no_difference() -> None:
    assert differences() == 0


def _anything(*_: Any) -> str:
    return "any purpose"


BROKEN = {
    "expiry is forgotten": (ConsentDecision, "expired", lambda self, at: False),
    "the wording is forgotten": (holding, "purpose_digest", _anything),
    "the term of a form is forgotten": (deciding, "_expiry", lambda purpose, until, now: until),
    "bundling is allowed": (deciding, "bundled", lambda *_: False),
    "minors are adults": (deciding.Deciding, "_is_minor", lambda *_: False),
    "what was sent once stands": (
        holding.Holding,
        "decisions",
        lambda self, *about: self.newest(*about),
    ),
    "a form that was withdrawn is fetched": (fetching, "_same", lambda newest, sent: True),
    "tokens outlive the last consent": (deciding, "_end_grants", lambda *_: 0),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_ledger_is_found(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    where, name, instead = BROKEN[what]
    monkeypatch.setattr(where, name, instead)
    assert differences() > 0
