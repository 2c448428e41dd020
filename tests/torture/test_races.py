"""The runner of the full-size races, small: the contract tests run them at a tenth."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.memory.single_use import MemorySingleUse
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.ports.storage import Won
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.store_contract import races

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.torture
def test_the_script_reports_its_cases(tmp_path: Path) -> None:
    report = tmp_path / "races.json"
    script = ROOT / "scripts" / "torture_races.py"
    command = [sys.executable, str(script), "--tenth", "--store", "memory", "--json", str(report)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    cases = json.loads(report.read_text())["cases"]
    assert {case["name"] for case in cases} == {
        "races_memory_redeem_code",
        "races_memory_rotate_without_grace",
        "races_memory_rotate_within_grace",
        "races_memory_redeem_code_with_failing_checks",
        "races_memory_revoke_during_rotation",
        "races_memory_put_identifier",
        "races_memory_spend_budget",
        "races_memory_change_resident",
        "races_memory_take_logout_notice",
        "races_memory_audit_chains",
    }
    assert all(set(case) == {"name", "attempts", "failures", "notes"} for case in cases)
    assert sum(case["failures"] for case in cases) == 0
    by_name = {case["name"]: case for case in cases}
    assert by_name["races_memory_redeem_code"]["attempts"] == 3200


class _ForgetfulSingleUse(MemorySingleUse):
    """A broken store: looks, and then marks as used without asking again."""

    def use_up(self, kind, digest, now, *, result=None):
        record = self.look(kind, digest)
        return Won(replace(record, used_at=now, result=result))


def test_the_races_find_a_store_in_which_everybody_wins() -> None:
    store = MemoryStore(MemoryKeyStore(algorithms=("ES256",)), SystemClock(), SystemRandom())
    store._transaction.single_use = _ForgetfulSingleUse(store._journal)
    cases = races.run(lambda: store, codes=3, tokens=3, parallel=4)
    failures = {case["name"]: case["failures"] for case in cases}
    assert failures["redeem_code"] == 3
    assert failures["rotate_without_grace"] == 3
    assert failures["rotate_within_grace"] == 3
    assert failures["audit_chains"] == 0
