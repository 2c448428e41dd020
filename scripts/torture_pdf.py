"""20,000 mutated PDF files into validation and signing: only our errors, nothing slow, nothing large.

Usage: python scripts/torture_pdf.py [--full|--tenth|--attempts N] [--seed N] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lib"))

from counted import fuzz
from hkeid.testing import pdf_fuzz

if __name__ == "__main__":
    sys.exit(fuzz(__doc__, pdf_fuzz.run, full=20_000, seed=32000))
