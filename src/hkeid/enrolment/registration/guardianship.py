"""A guardian's approval on its way from the guardian's page to the minor's eID."""

from __future__ import annotations

from typing import Final

from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.residents.guardians import GuardianApproval

GUARDIAN: Final = "guardian"
"""Name of the item beside the particulars, which lasts until the device is bound."""


def keep_approval(approval_id: str, guardian_id: str, now: Instant) -> bytes:
    """The approval as the evidence vault keeps it."""
    return canonical_json.dumps(
        {"id": approval_id, "guardian": guardian_id, "approved_at": epoch_microseconds(now)}
    )


def kept_approval(kept: bytes, registration: str, resident_id: str) -> GuardianApproval:
    """The approval of ``registration`` for the eID that was made of it."""
    members = canonical_json.loads_object(kept)
    return GuardianApproval(
        id=members["id"],
        resident_id=resident_id,
        guardian_id=members["guardian"],
        registration=registration,
        approved_at=from_epoch_microseconds(members["approved_at"]),
    )
