"""Upgrade to eID+: the chip of the identity card read at an enrolled station (S5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.enrolment.upgrade.challenge import (
        active_challenge,
        evidence_digest,
        signed_message,
    )
    from hkeid.enrolment.upgrade.errors import UpgradeRefused, UpgradeUnknown
    from hkeid.enrolment.upgrade.numbers import parse_number, scanned_text
    from hkeid.enrolment.upgrade.officers import (
        DUTY,
        DutyTransaction,
        OfficerPresence,
        OfficersOnDuty,
        OnDuty,
    )
    from hkeid.enrolment.upgrade.parts import DocumentVerifier, UpgradeParts
    from hkeid.enrolment.upgrade.policy import UpgradePolicy
    from hkeid.enrolment.upgrade.reading import ReadingTask
    from hkeid.enrolment.upgrade.records import Upgrade, UpgradeRepository, UpgradeStep
    from hkeid.enrolment.upgrade.upgrades import Upgrades

__getattr__ = names_on_demand(
    __name__,
    {
        "challenge": ("active_challenge", "evidence_digest", "signed_message"),
        "errors": ("UpgradeRefused", "UpgradeUnknown"),
        "numbers": ("parse_number", "scanned_text"),
        "officers": ("DUTY", "DutyTransaction", "OfficerPresence", "OfficersOnDuty", "OnDuty"),
        "parts": ("DocumentVerifier", "UpgradeParts"),
        "policy": ("UpgradePolicy",),
        "reading": ("ReadingTask",),
        "records": ("Upgrade", "UpgradeRepository", "UpgradeStep"),
        "upgrades": ("Upgrades",),
    },
)

__all__ = [
    "DUTY",
    "DocumentVerifier",
    "DutyTransaction",
    "OfficerPresence",
    "OfficersOnDuty",
    "OnDuty",
    "ReadingTask",
    "Upgrade",
    "UpgradeParts",
    "UpgradePolicy",
    "UpgradeRefused",
    "UpgradeRepository",
    "UpgradeStep",
    "UpgradeUnknown",
    "Upgrades",
    "active_challenge",
    "evidence_digest",
    "parse_number",
    "scanned_text",
    "signed_message",
]
