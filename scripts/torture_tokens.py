"""8 processes x 200 signatures with one SoftHSM2 token, which is pulled out and put back; threads and forks.

Usage: python scripts/torture_tokens.py [--full|--tenth] [--json FILE]
Debian: softhsm2 opensc p11-kit.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from hkeid.testing import soft_hsm, token_stress


def main() -> int:
    """Entry point; 0 when nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", dest="signatures", action="store_const", const=200, default=200)
    size.add_argument("--tenth", dest="signatures", action="store_const", const=20)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    if not soft_hsm.available():
        print("SoftHSM2 is not installed (softhsm2, opensc)", file=sys.stderr)
        return 1

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    cases = token_stress.run(signatures=arguments.signatures, say=say)
    report = json.dumps({"cases": cases}, indent=2)
    if arguments.json:
        arguments.json.write_text(report + "\n")
    else:
        print(report)
    return 1 if any(case["failures"] for case in cases) else 0


if __name__ == "__main__":
    sys.exit(main())
