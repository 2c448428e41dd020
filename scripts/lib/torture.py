"""Run one or all of ``scripts/torture_*.py`` and put their cases into one report."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1]
_PARTS_OF_KILL = {"registration", "upgrade"}
"""Each has a name of its own, and ``kill`` runs them too."""


def names() -> list[str]:
    """The torture there is."""
    return sorted(path.stem.removeprefix("torture_") for path in SCRIPTS.glob("torture_*.py"))


def run(name: str, further: list[str]) -> tuple[list[dict[str, object]], bool]:
    """One kind of torture: its cases, and whether its process ended well."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, str(SCRIPTS / f"torture_{name}.py"), "--json", str(report)]
        ended = subprocess.run([*command, *further], check=False)
        if not report.exists():
            note = f"no report; exit status {ended.returncode}"
            return [{"name": name, "attempts": 0, "failures": 1, "notes": note}], False
        return json.loads(report.read_text())["cases"], ended.returncode == 0


def main() -> int:
    """Entry point; 0 when nothing failed."""
    parser = argparse.ArgumentParser(prog="scripts/torture")
    parser.add_argument("name", choices=[*names(), "all"])
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments, further = parser.parse_known_args()
    every = [name for name in names() if name not in _PARTS_OF_KILL]
    wanted = every if arguments.name == "all" else [arguments.name]
    cases: list[dict[str, object]] = []
    fine = True
    for name in wanted:
        found, ended_well = run(name, further)
        cases += found
        fine = fine and ended_well
    if arguments.json:
        arguments.json.write_text(json.dumps({"cases": cases}, indent=2) + "\n")
    for case in cases:
        print("{name}: {attempts} attempts, {failures} failures".format(**case))
    return 0 if fine and not any(case["failures"] for case in cases) else 1


if __name__ == "__main__":
    sys.exit(main())
