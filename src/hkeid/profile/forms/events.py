"""Audit events of forms: names of claims, never values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSent(AuditEvent):
    """A resident filled a form and sent it; the relying party has yet to fetch it.

    :ivar submission: id of what was sent, which opens nothing.
    :ivar edited: fields of the profile for which the resident wrote something else into this form.
    :ivar standing: whether the relying party may also have the form's claims later.
    """

    NAME: ClassVar[str] = "profile:form:sent"

    submission: str
    resident_id: str
    client_id: str
    form: str
    claims: tuple[str, ...]
    edited: tuple[str, ...]
    standing: bool
