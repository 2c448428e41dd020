"""SAML under torture: 200,000 mutated documents, and 10,000 messages of two tenants on 16 threads.

What is accepted of the mutants is what was signed, and none takes more than 50 ms of CPU. Each message of a tenant
verifies under that tenant's key only.

Usage: python scripts/torture_saml.py [--full|--tenth|--attempts N] [--seed N] [--json FILE]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "lib"))

from counted import fuzz
from hkeid.testing import saml_fuzz, saml_tenants

MUTANTS_FOR_EACH_MESSAGE = 20


def both(
    attempts: int, *, seed: int, progress: Callable[[int], object] | None = None
) -> list[dict[str, Any]]:
    """The cases of both."""
    messages = max(attempts // MUTANTS_FOR_EACH_MESSAGE, saml_tenants.THREADS)
    return [*saml_tenants.run(messages), *saml_fuzz.run(attempts, seed=seed, progress=progress)]


if __name__ == "__main__":
    sys.exit(fuzz(__doc__, both, full=200_000, seed=41000))
