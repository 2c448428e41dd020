"""What torture by counted attempts has in common: its command line, its progress and its report."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def report(cases: Sequence[dict[str, Any]], path: Path | None) -> int:
    """Write the cases to ``path``, or print them; 0 when nothing failed."""
    text = json.dumps({"cases": list(cases)}, indent=2)
    if path:
        path.write_text(text + "\n")
    else:
        print(text)
    return 1 if any(case["failures"] for case in cases) else 0


def fuzz(description: str | None, run: Callable[..., Any], *, full: int, seed: int) -> int:
    """Run ``run(attempts, seed=…, progress=…)`` as the command line says; 0 when nothing failed.

    :param full: attempts where nothing is said.
    """
    parser = argparse.ArgumentParser(description=description)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", dest="attempts", action="store_const", const=full)
    size.add_argument("--tenth", dest="attempts", action="store_const", const=full // 10)
    size.add_argument("--attempts", type=int)
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    attempts = arguments.attempts or full

    def progress(number: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{number} of {attempts}", end="", file=sys.stderr)

    return report(run(attempts, seed=arguments.seed, progress=progress), arguments.json)
