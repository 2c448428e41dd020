"""Audit events of review. Cases and officers go by id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hkeid.audit.events import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTaken(AuditEvent):
    """An officer has a case for a while."""

    NAME: ClassVar[str] = "review:case:taken"
    case_id: str
    officer_id: str
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReturned(AuditEvent):
    """An officer gave a case back without a vote."""

    NAME: ClassVar[str] = "review:case:returned"
    case_id: str
    officer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteCast(AuditEvent):
    """An officer voted.

    :ivar risks: why the case needs four eyes; empty: it does not.
    """

    NAME: ClassVar[str] = "review:vote:cast"
    case_id: str
    officer_id: str
    stage: str
    accept: bool
    reason: str
    risks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDecided(AuditEvent):
    """The votes made a decision."""

    NAME: ClassVar[str] = "review:case:decided"
    case_id: str
    accept: bool
    reason: str
    officers: tuple[str, ...]
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCarriedOut(AuditEvent):
    """The registration was told.

    :ivar superseded: it had gone on or ended meanwhile, and the decision changed nothing.
    """

    NAME: ClassVar[str] = "review:decision:carried-out"
    case_id: str
    accept: bool
    superseded: bool
