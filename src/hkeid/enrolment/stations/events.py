"""Audit events of stations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class StationInvited(AuditEvent):
    """A station was entered, or given a new code; ``revoked`` earlier codes lost their force."""

    NAME: ClassVar[str] = "enrolment:station:invited"
    station_id: str
    mode: str
    revoked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StationCertified(AuditEvent):
    """A certificate was bound to a station.

    :ivar by: ``enrolment``, ``renewal`` or ``operator``.
    :ivar fingerprint: SHA-256 of the certificate, 22 characters of it.
    """

    NAME: ClassVar[str] = "enrolment:station:certified"
    station_id: str
    by: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StationStatusChanged(AuditEvent):
    """A station was suspended, resumed or revoked."""

    NAME: ClassVar[str] = "enrolment:station:status-changed"
    station_id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StationTurnedAway(AuditEvent):
    """A request to the stations' interface was refused before anything was done.

    :ivar station_id: where one is known.
    """

    NAME: ClassVar[str] = "enrolment:station:turned-away"
    reason: str
    station_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSeated(AuditEvent):
    """A browser was opened at a station; an earlier one there lost its seat."""

    NAME: ClassVar[str] = "enrolment:station:seated"
    station_id: str
    replaced: int
