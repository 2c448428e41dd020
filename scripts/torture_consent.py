"""20,000 random histories of a consent ledger against an independent model: 0 differences.

Usage: python scripts/torture_consent.py [--full|--tenth|--attempts N] [--seed N] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lib"))

from counted import fuzz
from hkeid.testing import consent_histories

if __name__ == "__main__":
    sys.exit(fuzz(__doc__, consent_histories.run, full=20_000, seed=486))
