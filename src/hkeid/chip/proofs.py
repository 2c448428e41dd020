"""How access to a chip was gained, and the transcripts by which it proved itself.

Transcripts of chip authentication and of the chip authentication mapping convince whoever trusts the
reader that held the ephemeral key (they could be made up by it); one of active authentication is a
signature and convinces anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class AccessProtocol(StrEnum):
    """How access to the chip was gained."""

    NONE = "none"
    BAC = "bac"
    PACE_GM = "pace-gm"
    PACE_IM = "pace-im"
    PACE_CAM = "pace-cam"


class ProofKind(StrEnum):
    """By which protocol a chip proved that it holds a private key."""

    ACTIVE = "active"
    CHIP = "chip"
    CAM = "cam"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipProof:
    """The transcript of one protocol run.

    :ivar algorithm: dotted object identifier, or a signature algorithm's name.
    :ivar parts: the values exchanged, by name; not shown by ``repr``.
    """

    kind: ProofKind
    algorithm: str
    parts: Mapping[str, bytes] = field(repr=False)
