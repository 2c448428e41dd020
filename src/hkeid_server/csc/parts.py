"""What the server needs for the signing API, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.signing.csc import CredentialApprovals, CscDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class CscRooms:
    """The API and the approvals behind it."""

    door: CscDoor
    approvals: CredentialApprovals
