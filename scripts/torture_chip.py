"""100,000 fuzzed data objects, signed objects and answers of cards: only our errors come out.

Usage: python scripts/torture_chip.py [--full|--tenth|--attempts N] [--seed N] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from hkeid.testing import chip_fuzz


def main() -> int:
    """Entry point; 0 when nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", dest="attempts", action="store_const", const=100_000)
    size.add_argument("--tenth", dest="attempts", action="store_const", const=10_000)
    size.add_argument("--attempts", type=int)
    parser.add_argument("--seed", type=int, default=9303)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    cases = chip_fuzz.run(arguments.attempts or 100_000, seed=arguments.seed)
    report = json.dumps({"cases": cases}, indent=2)
    if arguments.json:
        arguments.json.write_text(report + "\n")
    else:
        print(report)
    return 1 if any(case["failures"] for case in cases) else 0


if __name__ == "__main__":
    sys.exit(main())
