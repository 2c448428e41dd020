"""Thresholds by purpose: what distance is a match, what an officer looks at, what is neither."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from hkeid.kernel.errors import ConfigurationError
from hkeid.ports.faces import FaceBand, FacePurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceThresholds:
    """Two limits on the distance of one model.

    :ivar match: up to it: a match.
    :ivar review: above ``match`` and up to it: an officer looks.
    """

    match: float
    review: float

    def __post_init__(self) -> None:
        if not (0 < self.match <= self.review and math.isfinite(self.review)):
            raise ConfigurationError(
                "face_thresholds_invalid", detail=f"0 < {self.match} ≤ {self.review} does not hold"
            )

    def band(self, distance: float) -> FaceBand:
        """What a distance comes to; what is no number is no match."""
        if not (math.isfinite(distance) and distance >= 0):
            return FaceBand.NO_MATCH
        if distance <= self.match:
            return FaceBand.MATCH
        return FaceBand.REVIEW if distance <= self.review else FaceBand.NO_MATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePolicy:
    """Thresholds for every purpose.

    :ivar usual: for purposes that ``by_purpose`` does not name.
    """

    usual: FaceThresholds
    by_purpose: Mapping[FacePurpose, FaceThresholds] = field(default_factory=dict)

    def thresholds(self, purpose: FacePurpose) -> FaceThresholds:
        """The limits for a purpose."""
        return self.by_purpose.get(purpose, self.usual)

    @property
    def largest_match(self) -> float:
        """The largest distance that is a match for any purpose."""
        return max(self.thresholds(purpose).match for purpose in FacePurpose)
