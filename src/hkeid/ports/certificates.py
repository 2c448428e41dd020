"""Where the evidence comes from that certificates were good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hkeid.kernel.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationMaterial:
    """What a later validation needs, DER throughout.

    :ivar ocsps: each an OCSPResponse (RFC 6960 §4.2.1).
    """

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


class RevocationSource(Protocol):
    """Who knows whether certificates were revoked."""

    def material(self, chain: Sequence[bytes], at: Instant) -> ValidationMaterial:
        """The material for a chain, the end certificate first, as of ``at``.

        :raises hkeid.kernel.errors.Unavailable: ``revocation_unavailable``.
        """
        ...
