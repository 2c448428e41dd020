"""100,000 fuzzed data objects, signed objects and answers of cards: only our errors come out.

Usage: python scripts/torture_chip.py [--full|--tenth|--attempts N] [--seed N] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "lib"))

from counted import fuzz
from hkeid.testing import chip_fuzz


def run(attempts: int, *, seed: int, **_: Any) -> list[dict[str, Any]]:
    """The attempts take seconds only: no progress is told."""
    return chip_fuzz.run(attempts, seed=seed)


if __name__ == "__main__":
    sys.exit(fuzz(__doc__, run, full=100_000, seed=9303))
