"""Who may do what: roles and permissions as one table (S13, ISO/IEC 27001 least privilege).

Nothing is allowed that does not stand here. The reference page and the tests are made from this
table, and :class:`hkeid.officers.Officers` asks nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from hkeid.kernel.errors import Refused
from hkeid.officers.reasons import AccessReason


class Role(StrEnum):
    """What an officer is there for. An officer may have several that go together."""

    REGISTRATION_OFFICER = "registration_officer"
    SENIOR_OFFICER = "senior_officer"
    STATION_OFFICER = "station_officer"
    PRIVACY_OFFICER = "privacy_officer"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Permission(StrEnum):
    """One thing that may be done."""

    FIGURES_READ = "figures.read"
    QUEUE_READ = "queue.read"
    CASE_OPEN = "case.open"
    CASE_DECIDE = "case.decide"
    CASE_SETTLE = "case.settle"
    RECORD_OPEN = "record.open"
    RECORD_SUSPEND = "record.suspend"
    RECORD_RESUME = "record.resume"
    ACCESSES_READ = "accesses.read"
    NOTE_READ = "note.read"
    AUDIT_SEARCH = "audit.search"
    REQUESTS_READ = "requests.read"
    REQUEST_OPEN = "request.open"
    REQUEST_ANSWER = "request.answer"
    STATION_SIT = "station.sit"
    STATION_SERVE = "station.serve"
    STATION_READ = "station.read"
    OFFICERS_READ = "officers.read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a permission asks for.

    :ivar words: what it lets an officer do.
    :ivar step_up: the officer must have used the passkey in the last minutes.
    :ivar reasons: reasons of which one must be given; none: it touches nobody's data.
    :ivar shown: each use is kept as an access that the person concerned sees.
    :ivar audited: each use is recorded; what is not is looked at all day and names nobody. A denial
        is always recorded.
    """

    words: str
    step_up: bool = False
    reasons: frozenset[AccessReason] = frozenset()
    shown: bool = False
    audited: bool = True

    @property
    def needs_reason(self) -> bool:
        """Whether a reason must be given."""
        return bool(self.reasons)


_REVIEW = frozenset(
    {
        AccessReason.REVIEW_OF_REGISTRATION,
        AccessReason.REVIEW_OF_UPGRADE,
        AccessReason.QUALITY_CHECK,
    }
)
_RECORD = frozenset(
    {
        AccessReason.RESIDENT_AT_COUNTER,
        AccessReason.RESIDENT_CALLED,
        AccessReason.LOST_OR_STOLEN,
        AccessReason.SUSPECTED_MISUSE,
        AccessReason.DATA_SUBJECT_REQUEST,
        AccessReason.COMPLAINT,
        AccessReason.LEGAL_OBLIGATION,
    }
)
_REQUEST = frozenset(
    {
        AccessReason.DATA_SUBJECT_REQUEST,
        AccessReason.COMPLAINT,
        AccessReason.LEGAL_OBLIGATION,
    }
)
_OVERSIGHT = frozenset(
    {
        AccessReason.DATA_SUBJECT_REQUEST,
        AccessReason.COMPLAINT,
        AccessReason.SUSPECTED_MISUSE,
        AccessReason.LEGAL_OBLIGATION,
    }
)

RULES: Mapping[Permission, Rule] = MappingProxyType(
    {
        Permission.FIGURES_READ: Rule(words="See today's numbers; they name nobody", audited=False),
        Permission.QUEUE_READ: Rule(
            words="See which referred cases wait, and for how long", audited=False
        ),
        Permission.CASE_OPEN: Rule(
            words="Take a referred case and see its evidence",
            step_up=True,
            reasons=_REVIEW,
            shown=True,
        ),
        Permission.CASE_DECIDE: Rule(
            words="Vote on the case that one has taken", step_up=True, reasons=_REVIEW, shown=True
        ),
        Permission.CASE_SETTLE: Rule(
            words="Settle a case on which two officers disagree",
            step_up=True,
            reasons=_REVIEW,
            shown=True,
        ),
        Permission.RECORD_OPEN: Rule(
            words="Find a resident by the exact number and see the record",
            step_up=True,
            reasons=_RECORD,
            shown=True,
        ),
        Permission.RECORD_SUSPEND: Rule(
            words="Freeze an eID", step_up=True, reasons=_RECORD, shown=True
        ),
        Permission.RECORD_RESUME: Rule(
            words="Lift the freeze of an eID", step_up=True, reasons=_RECORD, shown=True
        ),
        Permission.ACCESSES_READ: Rule(
            words="See which officer opened a record",
            step_up=True,
            reasons=_OVERSIGHT,
            shown=True,
        ),
        Permission.NOTE_READ: Rule(
            words="Read the note that an officer left with an access",
            step_up=True,
            reasons=_OVERSIGHT,
            shown=True,
        ),
        Permission.AUDIT_SEARCH: Rule(words="Search the audit trail; it names nobody"),
        Permission.REQUESTS_READ: Rule(
            words="See which data requests wait, and until when; the list names nobody",
            audited=False,
        ),
        Permission.REQUEST_OPEN: Rule(
            words="Open a data request: what was asked, and the particulars it is about",
            step_up=True,
            reasons=_REQUEST,
            shown=True,
        ),
        Permission.REQUEST_ANSWER: Rule(
            words="Answer or refuse the data request that one has opened",
            step_up=True,
            reasons=_REQUEST,
            shown=True,
        ),
        Permission.STATION_SIT: Rule(
            words="Take the seat at a counter or with a mobile team", step_up=True
        ),
        Permission.STATION_SERVE: Rule(
            words="Serve residents at a counter or with a mobile team",
            step_up=True,
            reasons=frozenset({AccessReason.RESIDENT_AT_COUNTER}),
            shown=True,
        ),
        Permission.STATION_READ: Rule(
            words="See the stations, and where somebody sits", audited=False
        ),
        Permission.OFFICERS_READ: Rule(
            words="See the officers, their roles and state", audited=False
        ),
    }
)
"""What each permission asks for."""

_P = Permission
GRANTS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.REGISTRATION_OFFICER: frozenset(
            {
                _P.FIGURES_READ, _P.QUEUE_READ, _P.CASE_OPEN, _P.CASE_DECIDE,
                _P.RECORD_OPEN, _P.RECORD_SUSPEND,
            }
        ),
        Role.SENIOR_OFFICER: frozenset(
            {
                _P.FIGURES_READ, _P.QUEUE_READ, _P.CASE_OPEN, _P.CASE_DECIDE, _P.CASE_SETTLE,
                _P.RECORD_OPEN, _P.RECORD_SUSPEND, _P.RECORD_RESUME,
            }
        ),
        Role.STATION_OFFICER: frozenset(
            {_P.STATION_READ, _P.STATION_SIT, _P.STATION_SERVE, _P.RECORD_SUSPEND}
        ),
        Role.PRIVACY_OFFICER: frozenset(
            {
                _P.FIGURES_READ, _P.RECORD_OPEN, _P.ACCESSES_READ, _P.NOTE_READ, _P.AUDIT_SEARCH,
                _P.REQUESTS_READ, _P.REQUEST_OPEN, _P.REQUEST_ANSWER,
            }
        ),
        Role.AUDITOR: frozenset(
            {_P.FIGURES_READ, _P.AUDIT_SEARCH, _P.ACCESSES_READ, _P.OFFICERS_READ}
        ),
        Role.OPERATOR: frozenset({_P.FIGURES_READ, _P.STATION_READ, _P.OFFICERS_READ}),
    }
)  # fmt: skip
"""What each role may do; everything else is refused."""

_DECIDES = frozenset({Role.REGISTRATION_OFFICER, Role.SENIOR_OFFICER, Role.STATION_OFFICER})
_WATCHES = frozenset({Role.AUDITOR, Role.PRIVACY_OFFICER})


def permissions_of(roles: Collection[Role]) -> frozenset[Permission]:
    """All that officers with these roles may do."""
    return frozenset().union(*(GRANTS[role] for role in roles)) if roles else frozenset()


def role_for(roles: Collection[Role], permission: Permission) -> Role | None:
    """The role by which ``permission`` is held, the first in the order of the table; or None."""
    return next((role for role in Role if role in roles and permission in GRANTS[role]), None)


def check_roles(roles: Collection[Role]) -> None:
    """Let roles pass that one person may have: nobody watches over their own decisions, and who
    runs the machines decides nothing.

    :raises hkeid.kernel.errors.Refused: ``roles_missing``, ``roles_incompatible``.
    """
    held = frozenset(roles)
    if not held:
        raise Refused("roles_missing")
    parties = [held & _DECIDES, held & _WATCHES, held & {Role.OPERATOR}]
    if sum(bool(party) for party in parties) > 1:
        raise Refused("roles_incompatible", detail=", ".join(sorted(held)))


def matrix() -> str:
    """The table in Markdown, for the reference page."""
    rows = [
        "| permission | what it allows | fresh passkey | reason, and shown to the resident | "
        + " | ".join(f"`{role}`" for role in Role)
        + " |",
        "|---" * (4 + len(Role)) + "|",
    ]
    for permission, rule in RULES.items():
        held = " | ".join("✓" if permission in GRANTS[role] else "" for role in Role)
        rows.append(
            f"| `{permission}` | {rule.words} | {'yes' if rule.step_up else ''} "
            f"| {'yes' if rule.needs_reason else ''} | {held} |"
        )
    return "\n".join(rows) + "\n"
