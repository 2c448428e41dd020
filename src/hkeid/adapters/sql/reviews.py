"""Accesses to records, and reviews of referred cases, in SQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ClauseElement, and_, bindparam, insert, or_, select, update
from sqlalchemy.sql.elements import BindParameter

from hkeid.adapters.sql.columns import instant, moment, word_list, words
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.officers_tables import (
    record_accesses,
    review_decisions,
    review_leases,
    review_votes,
)
from hkeid.adapters.sql.statements import Insert, Statement, param, values
from hkeid.enrolment.review.records import Decision, DecisionReason, Lease, Vote
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.officers.reasons import AccessReason
from hkeid.officers.records import RecordAccess
from hkeid.officers.roles import Permission, Role

_limit: Final[BindParameter[int]] = bindparam("limit", required=True)

_a = record_accesses.c
_ADD: Final = Statement(insert(record_accesses).values(values(record_accesses)))
_GET: Final = Statement(select(record_accesses).where(_a.id == param(_a.id)))
_OF_RESIDENT: Final = Statement(
    select(record_accesses)
    .where(_a.resident_id == param(_a.resident_id))
    .order_by(_a.at.desc(), _a.id.desc())
    .limit(_limit)
)
_OF_CASE: Final = Statement(
    select(record_accesses)
    .where(_a.case_id == param(_a.case_id))
    .order_by(_a.at.desc(), _a.id.desc())
    .limit(_limit)
)
_SINCE: Final = Statement(
    select(record_accesses)
    .where(_a.at >= param(_a.at))
    .order_by(_a.at.desc(), _a.id.desc())
    .limit(_limit)
)
_BIND: Final = Statement(
    update(record_accesses)
    .where(_a.case_id == param(_a.case_id, "of_case"), _a.resident_id.is_(None))
    .values(resident_id=param(_a.resident_id))
)
_UNBOUND: Final = Statement(
    select(_a.case_id)
    .where(_a.at >= param(_a.at), _a.case_id.is_not(None), _a.resident_id.is_(None))
    .distinct()
    .order_by(_a.case_id)
    .limit(_limit)
)


class SqlRecordAccesses:
    """:class:`hkeid.officers.records.RecordAccessRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, access: RecordAccess) -> None:
        """Keep a new access.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        parameters = {
            "id": access.id,
            "at": epoch_microseconds(access.at),
            "officer_id": access.officer_id,
            "role": access.role.value,
            "permission": access.permission.value,
            "reason": access.reason.value,
            "resident_id": access.resident_id,
            "case_id": access.case_id,
            "note": access.note,
        }
        self._connection.change(_ADD, parameters)

    def get(self, access_id: str) -> RecordAccess | None:
        """By id."""
        row = self._connection.find(_GET, {"id": access_id})
        return None if row is None else _access(row)

    def of_resident(self, resident_id: str, *, limit: int = 200) -> tuple[RecordAccess, ...]:
        """A resident's, newest first."""
        rows = self._connection.rows(_OF_RESIDENT, {"resident_id": resident_id, "limit": limit})
        return tuple(_access(row) for row in rows)

    def of_case(self, case_id: str, *, limit: int = 200) -> tuple[RecordAccess, ...]:
        """Those of one case, newest first."""
        rows = self._connection.rows(_OF_CASE, {"case_id": case_id, "limit": limit})
        return tuple(_access(row) for row in rows)

    def bind_case(self, case_id: str, resident_id: str) -> int:
        """Say whose case it was, where nothing says so yet."""
        return self._connection.change(_BIND, {"of_case": case_id, "resident_id": resident_id})

    def unbound_cases(self, since: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Cases that were looked at and belong to nobody yet."""
        rows = self._connection.rows(_UNBOUND, {"at": epoch_microseconds(since), "limit": limit})
        return tuple(row[0] for row in rows)

    def since(self, moment: Instant, *, limit: int = 1000) -> tuple[RecordAccess, ...]:
        """All of them from ``moment`` on, newest first."""
        rows = self._connection.rows(_SINCE, {"at": epoch_microseconds(moment), "limit": limit})
        return tuple(_access(row) for row in rows)


def _access(row: Row) -> RecordAccess:
    access_id, at, officer_id, role, permission, reason, resident_id, case_id, note = row
    return RecordAccess(
        id=access_id,
        at=from_epoch_microseconds(at),
        officer_id=officer_id,
        role=Role(role),
        permission=Permission(permission),
        reason=AccessReason(reason),
        resident_id=resident_id,
        case_id=case_id,
        note=note,
    )


_l = review_leases.c
_v = review_votes.c
_d = review_decisions.c


def _taking(insert: Insert) -> ClauseElement:
    fresh = insert(review_leases).values(values(review_leases))
    statement: ClauseElement = fresh.on_conflict_do_update(
        index_elements=[_l.case_id],
        set_={
            "id": fresh.excluded.id,
            "officer_id": fresh.excluded.officer_id,
            "expires_at": fresh.excluded.expires_at,
        },
        where=or_(
            _l.expires_at <= param(_l.expires_at, "now"),
            _l.officer_id == fresh.excluded.officer_id,
        ),
    )
    return statement


_TAKE: Final = Statement(_taking)
_LEASE: Final = Statement(select(review_leases).where(_l.case_id == param(_l.case_id)))
_RELEASE: Final = Statement(
    update(review_leases)
    .where(
        _l.case_id == param(_l.case_id, "of_case"),
        _l.id == param(_l.id, "of_id"),
        _l.officer_id == param(_l.officer_id, "of_officer"),
        _l.expires_at > param(_l.expires_at, "now"),
    )
    .values(expires_at=param(_l.expires_at, "now"))
)
_LIVE: Final = Statement(
    select(review_leases).where(_l.expires_at > param(_l.expires_at)).order_by(_l.case_id)
)
_ADD_VOTE: Final = Statement(
    lambda insert: insert(review_votes).values(values(review_votes)).on_conflict_do_nothing()
)
_VOTES: Final = Statement(
    select(review_votes).where(_v.case_id == param(_v.case_id)).order_by(_v.at, _v.officer_id)
)
_ADD_DECISION: Final = Statement(
    lambda insert: (
        insert(review_decisions).values(values(review_decisions)).on_conflict_do_nothing()
    )
)
_DECISION: Final = Statement(select(review_decisions).where(_d.case_id == param(_d.case_id)))
_waiting = and_(_d.carried_out_at.is_(None), _d.attempt_until <= param(_d.attempt_until, "now"))
_ATTEMPT: Final = Statement(
    update(review_decisions)
    .where(_d.case_id == param(_d.case_id, "of_case"), _waiting)
    .values(attempt_until=param(_d.attempt_until))
)
_CARRIED_OUT: Final = Statement(
    update(review_decisions)
    .where(_d.case_id == param(_d.case_id, "of_case"), _d.carried_out_at.is_(None))
    .values(carried_out_at=param(_d.carried_out_at))
)
_WAITING: Final = Statement(
    select(review_decisions).where(_waiting).order_by(_d.decided_at).limit(_limit)
)
_DECIDED_SINCE: Final = Statement(
    select(review_decisions)
    .where(_d.decided_at >= param(_d.decided_at))
    .order_by(_d.decided_at, _d.case_id)
    .limit(_limit)
)


class SqlReviews:
    """:class:`hkeid.enrolment.review.records.ReviewRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def take(self, lease: Lease, now: Instant) -> bool:
        """Take a case, unless another officer's lease is good."""
        parameters = {
            "case_id": lease.case_id,
            "id": lease.id,
            "officer_id": lease.officer_id,
            "expires_at": epoch_microseconds(lease.expires_at),
            "now": epoch_microseconds(now),
        }
        return self._connection.change(_TAKE, parameters) == 1

    def lease(self, case_id: str) -> Lease | None:
        """The latest lease, good or not."""
        row = self._connection.find(_LEASE, {"case_id": case_id})
        return None if row is None else _lease(row)

    def release(self, lease: Lease, now: Instant) -> bool:
        """End a lease; False when it is not good any more."""
        parameters = {
            "of_case": lease.case_id,
            "of_id": lease.id,
            "of_officer": lease.officer_id,
            "now": epoch_microseconds(now),
        }
        return self._connection.change(_RELEASE, parameters) == 1

    def live_leases(self, now: Instant) -> tuple[Lease, ...]:
        """Every lease that is good."""
        rows = self._connection.rows(_LIVE, {"expires_at": epoch_microseconds(now)})
        return tuple(_lease(row) for row in rows)

    def add_vote(self, vote: Vote) -> bool:
        """Keep a vote; False when this officer voted on this case before."""
        parameters = {
            "case_id": vote.case_id,
            "officer_id": vote.officer_id,
            "accept": vote.accept,
            "reason": vote.reason.value,
            "settles": vote.settles,
            "at": epoch_microseconds(vote.at),
        }
        return self._connection.change(_ADD_VOTE, parameters) == 1

    def votes(self, case_id: str) -> tuple[Vote, ...]:
        """The votes on a case, oldest first."""
        rows = self._connection.rows(_VOTES, {"case_id": case_id})
        return tuple(
            Vote(
                case_id=case,
                officer_id=officer,
                accept=bool(accept),
                reason=DecisionReason(reason),
                settles=bool(settles),
                at=from_epoch_microseconds(at),
            )
            for case, officer, accept, reason, settles, at in rows
        )

    def add_decision(self, decision: Decision) -> bool:
        """Keep a decision; False when the case is decided already."""
        parameters = {
            "case_id": decision.case_id,
            "accept": decision.accept,
            "reason": decision.reason.value,
            "officers": word_list(decision.officers),
            "risks": word_list(decision.risks),
            "waited": decision.waited,
            "decided_at": epoch_microseconds(decision.decided_at),
            "attempt_until": epoch_microseconds(decision.attempt_until),
            "carried_out_at": moment(decision.carried_out_at),
        }
        return self._connection.change(_ADD_DECISION, parameters) == 1

    def decision(self, case_id: str) -> Decision | None:
        """What was decided."""
        row = self._connection.find(_DECISION, {"case_id": case_id})
        return None if row is None else _decision(row)

    def attempt(self, case_id: str, now: Instant, *, until: Instant) -> bool:
        """Be the one to carry a decision out."""
        parameters = {
            "of_case": case_id,
            "now": epoch_microseconds(now),
            "attempt_until": epoch_microseconds(until),
        }
        return self._connection.change(_ATTEMPT, parameters) == 1

    def carried_out(self, case_id: str, now: Instant) -> bool:
        """Note that the registration was told."""
        parameters = {"of_case": case_id, "carried_out_at": epoch_microseconds(now)}
        return self._connection.change(_CARRIED_OUT, parameters) == 1

    def waiting_decisions(self, now: Instant, *, limit: int = 100) -> tuple[Decision, ...]:
        """Decisions that nobody carried out or is carrying out."""
        rows = self._connection.rows(_WAITING, {"now": epoch_microseconds(now), "limit": limit})
        return tuple(_decision(row) for row in rows)

    def decided_since(self, moment: Instant, *, limit: int = 10_000) -> tuple[Decision, ...]:
        """Decisions from ``moment`` on, oldest first."""
        parameters = {"decided_at": epoch_microseconds(moment), "limit": limit}
        return tuple(_decision(row) for row in self._connection.rows(_DECIDED_SINCE, parameters))


def _lease(row: Row) -> Lease:
    case_id, lease_id, officer_id, expires_at = row
    return Lease(
        case_id=case_id,
        id=lease_id,
        officer_id=officer_id,
        expires_at=from_epoch_microseconds(expires_at),
    )


def _decision(row: Row) -> Decision:
    case_id, accept, reason, officers, risks, waited, decided_at, attempt_until, carried_out = row
    return Decision(
        case_id=case_id,
        accept=bool(accept),
        reason=DecisionReason(reason),
        officers=words(officers),
        risks=words(risks),
        waited=waited,
        decided_at=from_epoch_microseconds(decided_at),
        attempt_until=from_epoch_microseconds(attempt_until),
        carried_out_at=instant(carried_out),
    )
