"""Audit events of the profile: names of fields, never values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class EmeOptedIn(AuditEvent):
    """A resident wants a profile."""

    NAME: ClassVar[str] = "profile:eme:opted-in"

    resident_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmeOptedOut(AuditEvent):
    """A resident gave the profile up; everything in it was erased.

    :ivar fields: what had been in it.
    """

    NAME: ClassVar[str] = "profile:eme:opted-out"

    resident_id: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmeChanged(AuditEvent):
    """A resident set or replaced a value.

    :ivar source: where the value comes from, a word of :class:`~hkeid.profile.eme.Source`.
    """

    NAME: ClassVar[str] = "profile:eme:changed"

    resident_id: str
    field: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmeRemoved(AuditEvent):
    """A resident removed a value."""

    NAME: ClassVar[str] = "profile:eme:removed"

    resident_id: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmeEmailProofRefused(AuditEvent):
    """A wrong code was typed for an e-mail address of the profile."""

    NAME: ClassVar[str] = "profile:eme:email-proof-refused"

    resident_id: str
