"""What the server needs for certificates, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.signing.certificates import (
    EmbeddedAuthority,
    EmbeddedRevocation,
    OcspResponder,
    RepositoryDoor,
)
from hkeid.signing.timestamping import TimestampUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRooms:
    """The embedded authority and its services.

    :ivar repository: serves ``/pki/``; None where it is not to.
    :ivar unit: makes time-stamps; None where there is none.
    """

    authority: EmbeddedAuthority
    responder: OcspResponder
    revocation: EmbeddedRevocation
    repository: RepositoryDoor | None = None
    unit: TimestampUnit | None = None
