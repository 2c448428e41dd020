"""Audit events of requests for signatures. No names of documents, no texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureAsked(AuditEvent):
    """A relying party asked for signatures."""

    NAME: ClassVar[str] = "signing:request:received"
    request_id: str
    client_id: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequestOpened(AuditEvent):
    """A resident opened a request; it is theirs from then on."""

    NAME: ClassVar[str] = "signing:request:opened"
    request_id: str
    client_id: str
    resident_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequestApproved(AuditEvent):
    """Every document of a request is signed and waits to be collected."""

    NAME: ClassVar[str] = "signing:request:approved"
    request_id: str
    client_id: str
    resident_id: str
    signature_id: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequestRefused(AuditEvent):
    """A resident does not sign.

    :ivar reason: ``resident``, or ``code_differs``: the two screens did not show the same code.
    """

    NAME: ClassVar[str] = "signing:request:refused"
    request_id: str
    client_id: str
    resident_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequestExpired(AuditEvent):
    """Nobody decided in time; the documents were destroyed."""

    NAME: ClassVar[str] = "signing:request:expired"
    request_id: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturesCollected(AuditEvent):
    """The relying party has what was signed."""

    NAME: ClassVar[str] = "signing:request:collected"
    request_id: str
    client_id: str
