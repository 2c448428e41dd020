"""Comparing two faces (one to one, never a search), and telling whether somebody is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.ports.surroundings import Random


class FacePurpose(StrEnum):
    """What is compared with what; thresholds are set for each."""

    SELFIE_WITH_CARD = "selfie-with-card"
    SELFIE_WITH_REGISTRY = "selfie-with-registry"
    STATION_WITH_CHIP = "station-with-chip"
    RECOVERY = "recovery"


class FaceBand(StrEnum):
    """What a comparison comes to. Clients and pages see no score, only (at most) this."""

    MATCH = "match"
    REVIEW = "review"
    NO_MATCH = "no_match"
    NOT_ASSESSED = "not_assessed"


class FaceRefused(Refused):
    """A picture in which no single face can be used: ``face_none``, ``face_second``,
    ``face_too_small``, ``face_not_frontal``.
    """

    default_safe_text = "We need one face, clearly visible."


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceComparison:
    """The result of one comparison.

    :ivar distance: the model's own measure; smaller is more alike.
    :ivar threshold: the largest distance that is a match.
    :ivar claimed_fmr: false match rate that the calibration supports at ``threshold``, or None.
    :ivar model: name and version of model and preprocessing.
    :ivar model_sha256: hex digest over the weights.
    :ivar calibration: id of the calibration record, or None: then a match claims nothing.
    """

    band: FaceBand
    distance: float
    threshold: float
    claimed_fmr: float | None
    model: str
    model_sha256: str
    calibration: str | None


class FaceMatcher(Protocol):
    """Compares the faces in two pictures."""

    @property
    def calibration(self) -> str | None:
        """Id of the calibration record in force, or None."""
        ...

    def compare(self, probe: bytes, reference: bytes, purpose: FacePurpose) -> FaceComparison:
        """Compare two encoded pictures, each with exactly one usable face.

        :raises FaceRefused: no face, a second one, too small; ``detail`` says ``probe`` or ``reference``.
        :raises hkeid.ports.documents.ImageRefused: a picture breaks a limit or does not decode.
        :raises hkeid.kernel.errors.Unavailable: ``face_matcher_busy``, ``face_matcher_failed``.
        """
        ...


class LivenessVerdict(StrEnum):
    """Whether somebody was there."""

    LIVE = "live"
    SPOOF = "spoof"
    INCONCLUSIVE = "inconclusive"


class PadClaim(StrEnum):
    """What presentation-attack detection a check may claim (ISO/IEC 30107-3)."""

    NONE = "none"
    """No test by anybody: a demonstration, whatever it looks like."""
    LEVEL_1 = "level-1"
    LEVEL_2 = "level-2"


class CaptureIntegrity(StrEnum):
    """What is known of the camera. No browser signal proves a sensor."""

    UNKNOWN = "unknown"
    SUSPICIOUS = "suspicious"
    ATTESTED = "attested"


@dataclass(frozen=True, slots=True, kw_only=True)
class LivenessChallenge:
    """A challenge to one session.

    :ivar nonce: opaque reference (a vendor's token, or ours).
    :ivar client: JSON that the page or a vendor's SDK needs: ``{"kind": …, "steps": [{"turn": "left",
        "after_ms": …, "hold_ms": …}, …]}`` for the built-in one.
    :ivar secret: what ``finish`` needs again and the client must not see; kept by the caller.
    """

    nonce: str
    expires_at: Instant
    client: Mapping[str, Any]
    secret: bytes = field(default=b"", repr=False)

    def as_bytes(self) -> bytes:
        """All of it, secret included: for the evidence vault, until ``finish`` needs it."""
        return canonical_json.dumps(
            {
                "nonce": self.nonce,
                "expires_at": epoch_microseconds(self.expires_at),
                "client": _plain(self.client),
                "secret": base64url.encode(self.secret),
            }
        )

    @classmethod
    def from_bytes(cls, kept: bytes) -> LivenessChallenge:
        """The inverse of :meth:`as_bytes`, of what this program kept."""
        members = canonical_json.loads_object(kept)
        return cls(
            nonce=members["nonce"],
            expires_at=from_epoch_microseconds(members["expires_at"]),
            client=members["client"],
            secret=base64url.decode(members["secret"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CapturedFrame:
    """A frame of the camera as the client sent it: JPEG, and milliseconds since the challenge began."""

    at_ms: int
    image: bytes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LivenessEvidence:
    """What the client brought.

    :ivar frames: in order of time.
    :ivar capture: what the client says of its camera (label, resolution, frame times); not trusted.
    """

    nonce: str
    frames: Sequence[CapturedFrame]
    capture: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LivenessResult:
    """What a check made of it.

    :ivar reason: stable ``snake_case`` word (``turns_in_order``, ``turn_missing``, ``two_faces`` …).
    :ivar best_frame: the frame that a matcher compares (JPEG); never a second upload.
    :ivar provider: name and version.
    """

    verdict: LivenessVerdict
    pad_claim: PadClaim
    integrity: CaptureIntegrity
    reason: str
    best_frame: bytes | None
    provider: str


class LivenessCheck(Protocol):
    """Challenges a client, and judges what it brings. One session, one use; the caller sees to that."""

    def start(self, now: Instant, random: Random) -> LivenessChallenge:
        """A new challenge with unpredictable order and timing."""
        ...

    def finish(
        self, challenge: LivenessChallenge, evidence: LivenessEvidence, now: Instant
    ) -> LivenessResult:
        """Judge. Nothing absent, unknown or raised becomes ``live``.

        :raises hkeid.ports.documents.ImageRefused: a frame breaks a limit or does not decode.
        :raises hkeid.kernel.errors.Expired: ``liveness_expired``.
        :raises hkeid.kernel.errors.Unavailable: ``liveness_busy``, ``liveness_failed``.
        """
        ...


def _plain(value: Any) -> Any:
    """JSON values of what may be read-only mappings and tuples."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
