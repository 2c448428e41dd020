"""200,000 mutated SAML documents: what is accepted is what was signed, and none takes more than 50 ms of CPU.

Usage: python scripts/torture_saml.py [--full|--tenth|--attempts N] [--seed N] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from hkeid.testing import saml_fuzz


def main() -> int:
    """Entry point; 0 when nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", dest="attempts", action="store_const", const=200_000)
    size.add_argument("--tenth", dest="attempts", action="store_const", const=20_000)
    size.add_argument("--attempts", type=int)
    parser.add_argument("--seed", type=int, default=41000)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    attempts = arguments.attempts or 200_000

    def progress(number: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{number} of {attempts}", end="", file=sys.stderr)

    cases = saml_fuzz.run(attempts, seed=arguments.seed, progress=progress)
    report = json.dumps({"cases": cases}, indent=2)
    if arguments.json:
        arguments.json.write_text(report + "\n")
    else:
        print(report)
    return 1 if any(case["failures"] for case in cases) else 0


if __name__ == "__main__":
    sys.exit(main())
