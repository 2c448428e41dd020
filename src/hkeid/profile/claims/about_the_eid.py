"""Claims about the eID rather than its owner: how identity was verified, signals of risk."""

from __future__ import annotations

from typing import Any, Final

from hkeid.identity.language import labels
from hkeid.profile.claims.definition import Texts, claim
from hkeid.profile.proofing_display import show_proofing
from hkeid.profile.signals import EID_RISK, ENTRY_FIELDS, render_risk, show_risk


def _render_nothing(texts: Texts) -> dict[str, Any]:
    # What is in it depends on what was asked: see hkeid.profile.assurance.
    del texts
    return {}


ABOUT_THE_EID: Final = (
    claim(
        "verified_claims",
        labels("How your identity was verified", "核實你身分的方式", "核实你身份的方式"),
        ("proofing",),
        _render_nothing,
        show_proofing,
    ),
    claim(
        EID_RISK,
        labels("Facts about your eID's safety", "你的 eID 的安全情況", "你的 eID 的安全情况"),
        ENTRY_FIELDS,
        render_risk,
        show_risk,
    ),
)
"""``verified_claims`` and ``eid_risk``."""
