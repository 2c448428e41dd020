"""What the checks of a registration found: bands and verdicts, never a score, a name or a number."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, cast

from hkeid.kernel.errors import MalformedInput


class Aspect(StrEnum):
    """What a policy looks at. Every grade of a policy says which values of each it accepts."""

    DETAILS = "details"
    DOCUMENT = "document"
    AGE = "age"
    LIVENESS = "liveness"
    PAD = "pad"
    CAPTURE = "capture"
    FACE = "face"
    CALIBRATED = "calibrated"
    REGISTRY = "registry"
    REGISTRY_FACE = "registry_face"
    CHIP = "chip"
    OFFICER = "officer"
    REPEATED = "repeated"
    EXISTING = "existing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is known of one registration. Each aspect begins at the value that proves nothing.

    :ivar details: ``unread``, ``as_read``, ``corrected`` (within the limits), ``typed`` (the machine
        read nothing usable), ``chip``.
    :ivar document: whether the card is genuine: ``not_assessed``, ``passed``, ``failed``.
    :ivar age: ``unknown``, ``child`` (below 11), ``minor`` (11 to 17), ``adult``.
    :ivar liveness: ``not_assessed``, ``inconclusive``, ``spoof``, ``live``. Once an attempt was found a
        ``spoof`` it stays that, whatever later ones are.
    :ivar pad: ``none``, ``level-1``, ``level-2``: what the liveness check may claim.
    :ivar capture: ``unknown``, ``suspicious``, ``attested``: what is known of the camera; once
        ``suspicious``, always so.
    :ivar face: face against card or chip: ``not_assessed``, ``no_match``, ``review``, ``match``.
    :ivar calibrated: ``no``, ``yes``: the matcher has a calibration record for its population.
    :ivar registry: ``not_asked``, ``unavailable``, ``no_match``, ``deceased``, ``reported_lost``,
        ``match``.
    :ivar registry_face: face against the register's picture, as ``face``.
    :ivar chip: ``not_read``, ``failed``, ``cloneable``, ``genuine``.
    :ivar officer: ``absent``, ``present``: an officer saw person and card.
    :ivar repeated: ``no``, ``yes``: the same number was registered with often lately.
    :ivar existing: ``unknown``, ``none``, ``applicant``, ``active``, ``suspended``, ``revoked``: the
        eID that the person has already.
    :ivar differing: fields in which the register differs.
    :ivar warnings: further words of the checks.
    :ivar reader: what read the card; ``matcher`` and ``matcher_sha256``: model and digest of its
        weights; ``calibration``: its record; ``liveness_provider``; ``registry_reference``;
        ``document_type``; ``station``: which station it was.
    :ivar liveness_failed: attempts of this registration that were not found live;
        ``liveness_spoofed``: those among all of them that looked like an attack (a presentation, or
        something else than a camera); ``spoofed_before``: such attempts in other registrations with the
        same number lately; ``liveness_latest``: the verdict on the last attempt.
    :ivar registry_at: when the register answered, in whole seconds since 1970 (UTC); 0: it did not.
    :ivar card_digest: over reading, card and portrait that the checks are about; ``selfie_digest``: over
        the frame: what lies in the evidence vault counts only if it is that.
    """

    details: str = "unread"
    document: str = "not_assessed"
    age: str = "unknown"
    liveness: str = "not_assessed"
    pad: str = "none"
    capture: str = "unknown"
    face: str = "not_assessed"
    calibrated: str = "no"
    registry: str = "not_asked"
    registry_face: str = "not_assessed"
    chip: str = "not_read"
    officer: str = "absent"
    repeated: str = "no"
    existing: str = "unknown"
    differing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    reader: str = ""
    matcher: str = ""
    matcher_sha256: str = ""
    calibration: str = ""
    liveness_provider: str = ""
    liveness_latest: str = ""
    liveness_failed: int = 0
    liveness_spoofed: int = 0
    spoofed_before: int = 0
    registry_reference: str = field(default="", repr=False)
    registry_at: int = 0
    document_type: str = ""
    station: str = ""
    card_digest: str = field(default="", repr=False)
    selfie_digest: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse values that no policy knows.

        :raises MalformedInput: ``finding_unknown``.
        """
        for aspect, known in VALUES.items():
            if getattr(self, aspect.value) not in known:
                raise MalformedInput("finding_unknown", field=aspect.value)

    def value(self, aspect: Aspect) -> str:
        """The value of an aspect."""
        return cast(str, getattr(self, aspect.value))

    def as_json(self) -> dict[str, Any]:
        """JSON values; what is empty is left out."""
        return {
            one.name: list(value) if isinstance(value, tuple) else value
            for one in fields(self)
            if (value := getattr(self, one.name))
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Findings:
        """The inverse of :meth:`as_json`.

        :raises MalformedInput: ``finding_unknown``.
        """
        known = {one.name for one in fields(cls)}
        if not set(kept) <= known:
            raise MalformedInput("finding_unknown")
        texts: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()
        }
        return cls(**texts)


_FACE = ("not_assessed", "no_match", "review", "match")

VALUES: dict[Aspect, tuple[str, ...]] = {
    Aspect.DETAILS: ("unread", "typed", "corrected", "as_read", "chip"),
    Aspect.DOCUMENT: ("not_assessed", "failed", "passed"),
    Aspect.AGE: ("unknown", "child", "minor", "adult"),
    Aspect.LIVENESS: ("not_assessed", "inconclusive", "spoof", "live"),
    Aspect.PAD: ("none", "level-1", "level-2"),
    Aspect.CAPTURE: ("unknown", "suspicious", "attested"),
    Aspect.FACE: _FACE,
    Aspect.CALIBRATED: ("no", "yes"),
    Aspect.REGISTRY: (
        "not_asked",
        "unavailable",
        "no_match",
        "deceased",
        "reported_lost",
        "match",
    ),
    Aspect.REGISTRY_FACE: _FACE,
    Aspect.CHIP: ("not_read", "failed", "cloneable", "genuine"),
    Aspect.OFFICER: ("absent", "present"),
    Aspect.REPEATED: ("no", "yes"),
    Aspect.EXISTING: ("unknown", "none", "applicant", "active", "suspended", "revoked"),
}
"""The values of each aspect; the first one is that of nothing known."""
