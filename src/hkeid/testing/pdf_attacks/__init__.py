"""Signed documents that were tampered with, one for each kind of attack, and what a report must say of it.

::

    bench = Bench(engine)
    attack = ATTACKS["shadow_replace"]
    report = validate_pdf(attack.make(bench), trust=ValidationTrust.of([bench.authority.root]))
    assert not report.valid and attack.expected <= {one.code for one in report.findings}

They are after: Mainka, Mladenov, Rohlmann, *Shadow Attacks* (NDSS 2021); Mladenov and others, *1 Trillion Dollar
Refund* (CCS 2019); Rohlmann and others, *Breaking the Specification: PDF Certification* (S&P 2021).
"""

from collections.abc import Mapping

from hkeid.testing.pdf_attacks.bench import Attack, Bench
from hkeid.testing.pdf_attacks.cms import CMS
from hkeid.testing.pdf_attacks.ranges import RANGES
from hkeid.testing.pdf_attacks.shadows import SHADOWS

ATTACKS: Mapping[str, Attack] = {**RANGES, **SHADOWS, **CMS}
"""By name."""

__all__ = ["ATTACKS", "Attack", "Bench"]
