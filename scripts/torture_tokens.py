"""8 processes x 200 signatures with one SoftHSM2 token, which is pulled out and put back; threads and forks.

Usage: python scripts/torture_tokens.py [--full|--tenth] [--json FILE]
Debian: softhsm2 opensc p11-kit.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lib"))

from counted import report
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
    return report(cases, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
