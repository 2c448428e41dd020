"""``scripts/demo --once`` on free ports: the whole journey with real processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hkeid.testing.processes import free_port

pytestmark = pytest.mark.xdist_group("pcscd")

ROOT = Path(__file__).resolve().parents[2]
DEMO = [sys.executable, str(ROOT / "scripts" / "lib" / "demo.py"), "--once"]


def _demonstrate(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEMO, *map(str, words)], capture_output=True, text=True, check=False, timeout=300
    )


def test_every_step_of_the_journey_goes_well_twice_in_one_folder(tmp_path: Path) -> None:
    ports = [free_port() for _ in range(12)]
    first = _demonstrate("--data", tmp_path, "--ports", *ports)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "log in at the first service with the passkey" in first.stdout
    assert "nothing was altered, removed, reordered or cut off" in first.stdout
    again = _demonstrate("--data", tmp_path, "--ports", *ports)
    assert again.returncode == 0, again.stdout + again.stderr
    for once in (
        "the chip is read, the passkey confirms",
        "chip, officer, key",
        "an officer logs in, takes the case, gives a reason, votes",
        "My eID shows that an officer looked, and why",
    ):
        assert once in first.stdout
        assert once not in again.stdout


def test_a_port_that_is_taken_is_named() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        answer = _demonstrate("--ports", number, *(free_port() for _ in range(11)))
    assert answer.returncode == 1
    assert f"in use already: {number}" in answer.stderr
