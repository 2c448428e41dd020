"""Audit events of notices and contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged(AuditEvent):
    """A resident changed where notices go."""

    NAME: ClassVar[str] = "enrolment:contact:changed"
    resident_id: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactProofRefused(AuditEvent):
    """A wrong code was typed for an e-mail address."""

    NAME: ClassVar[str] = "enrolment:contact:proof-refused"
    resident_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeChoicesChanged(AuditEvent):
    """A resident chose which notices come.

    :ivar choices: what changed, each as ``topic.channel.on`` or ``topic.channel.off``.
    """

    NAME: ClassVar[str] = "enrolment:notice-choices:changed"
    resident_id: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSent(AuditEvent):
    """Nothing is left to do about a notice.

    :ivar outcome: ``told``, ``nobody`` or ``gave_up``.
    """

    NAME: ClassVar[str] = "enrolment:notice:done"
    resident_id: str
    about: str
    channels: tuple[str, ...]
    outcome: str
