"""200,000 mutated SAML documents: what is accepted is what was signed, and none takes more than 50 ms of CPU.

Usage: python scripts/torture_saml.py [--full|--tenth|--attempts N] [--seed N] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lib"))

from counted import fuzz
from hkeid.testing import saml_fuzz

if __name__ == "__main__":
    sys.exit(fuzz(__doc__, saml_fuzz.run, full=200_000, seed=41000))
