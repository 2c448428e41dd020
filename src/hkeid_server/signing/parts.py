"""What the server needs for signing, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.signing.requests import SignatureRequestDoor, SignatureRequests


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRooms:
    """Requests for signatures: for the pages, and for the door."""

    requests: SignatureRequests
    door: SignatureRequestDoor
