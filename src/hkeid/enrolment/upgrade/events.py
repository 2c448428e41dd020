"""Audit events of the upgrade by chip."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeOffered(AuditEvent):
    """A resident asked for an upgrade on their own page."""

    NAME: ClassVar[str] = "enrolment:upgrade:offered"
    upgrade_id: str
    resident_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeClaimed(AuditEvent):
    """A station took it up; the challenge was made.

    :ivar recovers: no upgrade: a lost eID is to be recovered.
    """

    NAME: ClassVar[str] = "enrolment:upgrade:claimed"
    upgrade_id: str
    station_id: str
    channel: str
    resident_id: str | None = None
    officer: str | None = None
    recovers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeResumed(AuditEvent):
    """Somebody whom officers had accepted came back to the counter."""

    NAME: ClassVar[str] = "enrolment:upgrade:resumed"
    upgrade_id: str
    station_id: str
    officer: str
    resident_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCompared(AuditEvent):
    """The officer at the counter said whether who came back is the person whom officers had accepted.

    :ivar same: False: somebody else came; the case stays as it is.
    """

    NAME: ClassVar[str] = "enrolment:upgrade:return-compared"
    upgrade_id: str
    station_id: str
    officer: str
    same: bool
    resident_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipAccepted(AuditEvent):
    """The server verified what the station had read.

    :ivar findings: codes of all findings, none of them fatal.
    """

    NAME: ClassVar[str] = "enrolment:upgrade:chip-accepted"
    upgrade_id: str
    station_id: str
    genuine: str
    signer: str
    findings: tuple[str, ...]
    resident_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceCompared(AuditEvent):
    """The face at the station was compared with the chip's portrait.

    :ivar by: ``matcher`` or ``officer``.
    :ivar outcome: ``match``, ``no_match``, ``review``, or why there was none.
    """

    NAME: ClassVar[str] = "enrolment:upgrade:face-compared"
    upgrade_id: str
    by: str
    outcome: str
    resident_id: str | None = None
    officer: str | None = None
    provider: str | None = None
    model: str | None = None
    calibration: str | None = None
    pad_claim: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAsked(AuditEvent):
    """The register of persons answered.

    :ivar face: what it said of the face, as a band.
    """

    NAME: ClassVar[str] = "enrolment:upgrade:registry-asked"
    upgrade_id: str
    status: str
    reference: str = field(repr=False)
    resident_id: str | None = None
    face: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeReferred(AuditEvent):
    """An officer has to decide."""

    NAME: ClassVar[str] = "enrolment:upgrade:referred"
    upgrade_id: str
    reason: str
    resident_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeReviewed(AuditEvent):
    """Officers decided a referred upgrade."""

    NAME: ClassVar[str] = "enrolment:upgrade:reviewed"
    upgrade_id: str
    accepted: bool
    reason: str
    officers: tuple[str, ...]
    resident_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EidUpgraded(AuditEvent):
    """The eID is an eID+ from now on.

    :ivar credential: the passkey that confirmed.
    """

    NAME: ClassVar[str] = "enrolment:eid:upgraded"
    upgrade_id: str
    resident_id: str
    station_id: str
    channel: str
    credential: str
    proofed: str
    genuine: str
    policy: str
    officer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeEnded(AuditEvent):
    """It ended without an eID+: ``refused``, ``expired`` or ``cancelled``.

    :ivar finding: the code of the finding that decided, where the card did.
    """

    NAME: ClassVar[str] = "enrolment:upgrade:ended"
    upgrade_id: str
    step: str
    reason: str
    resident_id: str | None = None
    station_id: str | None = None
    finding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRejected(AuditEvent):
    """A reading came that was not even looked at; the upgrade goes on without it."""

    NAME: ClassVar[str] = "enrolment:upgrade:evidence-rejected"
    reason: str
    station_id: str
    upgrade_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingUploaded(AuditEvent):
    """A mobile team brought a reading made without a network; an officer reviews it."""

    NAME: ClassVar[str] = "enrolment:upgrade:reading-uploaded"
    upgrade_id: str
    station_id: str
    sequence: int
    resident_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerSignedOn(AuditEvent):
    """An officer took their seat at a counter."""

    NAME: ClassVar[str] = "enrolment:station:officer-on"
    station_id: str
    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerSignedOff(AuditEvent):
    """The officer left, or somebody else took the seat."""

    NAME: ClassVar[str] = "enrolment:station:officer-off"
    station_id: str
    officer: str
