"""Searching the audit trail: for those who watch over the others. It names nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from hkeid.audit.records import AuditRecordRepository
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.officers.desk import Officers
from hkeid.officers.records import OfficersTransaction
from hkeid.officers.roles import Permission
from hkeid.officers.sessions import OfficerView

_NAME = re.compile(r"[a-z:-]{0,80}", re.ASCII)
_ABOUT = re.compile(r"[A-Za-z0-9_:.-]{0,80}", re.ASCII)
_LOOKED_AT = 5000


class TrailTransaction(OfficersTransaction, Protocol):
    """What searching needs of a transaction."""

    @property
    def audit_records(self) -> AuditRecordRepository: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailLine:
    """A record of the trail.

    :ivar members: what the event says, as text, in order of name.
    """

    at: Instant
    name: str
    writer: str
    sequence: int
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailAnswer:
    """What a search found, newest first.

    :ivar complete: False: there may be more within the time that was asked for.
    """

    lines: tuple[TrailLine, ...]
    complete: bool


def search_trail(
    officers: Officers[TrailTransaction],
    view: OfficerView,
    *,
    since: Instant,
    until: Instant,
    name: str = "",
    about: str = "",
    limit: int = 200,
) -> TrailAnswer:
    """Records within a time, by the beginning of their name and an internal id that they mention.

    :raises hkeid.officers.AccessDenied: without ``audit.search``.
    :raises hkeid.kernel.errors.MalformedInput: ``trail_search_malformed``.
    """
    if not _NAME.fullmatch(name) or not _ABOUT.fullmatch(about) or until <= since:
        raise MalformedInput("trail_search_malformed", field="search")
    with officers.acting(view, Permission.AUDIT_SEARCH) as admission:
        most = _LOOKED_AT if about else limit + 1
        found = admission.tx.audit_records.between(since, until, name=name, limit=most)
    lines = []
    for record in found:
        members = tuple(
            (key, _text(value))
            for key, value in sorted(canonical_json.loads_object(record.body).items())
        )
        if not about or any(about == value for _, value in members):
            lines.append(
                TrailLine(
                    at=record.at,
                    name=record.name,
                    writer=record.writer,
                    sequence=record.sequence,
                    members=members,
                )
            )
    return TrailAnswer(
        lines=tuple(lines[:limit]), complete=len(found) < most and len(lines) <= limit
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)
