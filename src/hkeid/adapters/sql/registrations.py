"""Registrations in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, case, func, literal_column, or_, select, update

from hkeid.adapters.sql.columns import instant, moment
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.expiring import Expiry, SqlExpiring
from hkeid.adapters.sql.registration_tables import registrations
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.enrolment.registration.records import (
    NetworkMark,
    NetworkReach,
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationStep,
)
from hkeid.enrolment.registration.turns import MOST_FOR_NUMBER, MOST_TURNS
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds

_r = registrations.c
_FIXED: Final = frozenset({"id", "reference", "created_at", "version"})
_CONCLUDED: Final = {f"step_{s.name}": s.value for s in RegistrationStep if s.concluded}
_OPEN: Final = {f"step_{s.name}": s.value for s in RegistrationStep if not s.concluded}
_WITH_PICTURE: Final = {f"step_{s.name}": s.value for s in RegistrationStep if s.has_picture}
_DECIDED: Final = {f"step_{s.name}": s.value for s in RegistrationStep if s.decided}
_LIMIT: Final[Any] = bindparam("limit", required=True)


_ADD: Final = Statement(
    lambda insert: insert(registrations).values(values(registrations)).on_conflict_do_nothing()
)
_GET: Final = Statement(select(registrations).where(_r.id == param(_r.id)))
_BY_REFERENCE: Final = Statement(select(registrations).where(_r.reference == param(_r.reference)))
_BY_BROWSER: Final = Statement(
    select(registrations)
    .where(_r.browser == param(_r.browser))
    .order_by(_r.created_at.desc(), _r.id)
    .limit(literal_column("50"))
)
_OF_RESIDENT: Final = Statement(
    select(registrations)
    .where(_r.resident_id == param(_r.resident_id))
    .order_by(_r.created_at.desc(), _r.id)
    .limit(_LIMIT)
)
_CHANGE: Final = Statement(
    update(registrations)
    .where(_r.id == param(_r.id, "of_id"), _r.version == param(_r.version, "old_version"))
    .values(
        **{column.name: param(column) for column in _r if column.name not in _FIXED},
        version=_r.version + literal_column("1"),
    )
)
_IN_STEP: Final = Statement(
    select(registrations)
    .where(_r.step == param(_r.step))
    .order_by(_r.created_at, _r.id)
    .limit(_LIMIT)
)


def _before(*marks: Any) -> Any:
    """How many at the step, with the same marks, came earlier; none where a mark is missing."""
    number = func.row_number().over(partition_by=marks, order_by=(_r.updated_at, _r.id))
    missing = or_(*(mark.is_(None) for mark in marks))
    return case((missing, literal_column("1")), else_=number) - literal_column("1")


def _at_most(number: Any, most: int) -> Any:
    limit: Any = literal_column(str(most))
    return case((number > limit, limit), else_=number)


_EARLIER: Final = _at_most(
    _before(_r.site) + _at_most(_before(_r.site, _r.number_digest), MOST_FOR_NUMBER), MOST_TURNS
)
_AT_STEP: Final = (
    select(registrations, _EARLIER.label("earlier")).where(_r.step == param(_r.step)).subquery()
)
_BY_TURNS: Final = Statement(
    select(*(_AT_STEP.c[column.name] for column in _r))
    .order_by(
        _AT_STEP.c.updated_at
        + _AT_STEP.c.earlier * bindparam("turn", type_=BigInteger(), required=True),
        _AT_STEP.c.id,
    )
    .limit(_LIMIT)
)


def _of(reach: NetworkReach) -> Any:
    """Begun in a network."""
    return _r[reach.value] == param(_r[reach.value], "digest")


def _count(steps: Iterable[str], *where: Any) -> Statement:
    """How many are at steps, and in time."""
    return Statement(
        select(func.count())
        .select_from(registrations)
        .where(
            *where,
            _r.step.in_([param(_r.step, name) for name in steps]),
            _r.expires_at > param(_r.expires_at, "now"),
        )
    )


_COUNT_WITH_PICTURE: Final = _count(_WITH_PICTURE)
_COUNT_WITH_PICTURE_OF: Final = {reach: _count(_WITH_PICTURE, _of(reach)) for reach in NetworkReach}
_COUNT_OPEN_OF: Final = {reach: _count(_OPEN, _of(reach)) for reach in NetworkReach}
_OLDEST_WITHOUT_PICTURE_OF: Final = {
    reach: Statement(
        select(registrations)
        .where(
            _of(reach),
            _r.step == param(_r.step),
            _r.created_at <= param(_r.created_at, "before"),
            _r.expires_at > param(_r.expires_at, "now"),
        )
        .order_by(_r.created_at, _r.id)
        .limit(literal_column("1"))
    )
    for reach in NetworkReach
}
_FACES_WITH_NUMBER = (
    _r.number_digest == param(_r.number_digest),
    _r.created_at >= param(_r.created_at, "since"),
    _r.faces > literal_column("0"),
    _r.id != param(_r.id, "but"),
)
_COUNT_FACES_WITH_NUMBER: Final = Statement(
    select(func.count()).select_from(registrations).where(*_FACES_WITH_NUMBER)
)
_THOSE_FACES_WITH_NUMBER: Final = Statement(
    select(registrations)
    .where(*_FACES_WITH_NUMBER)
    .order_by(_r.created_at.desc(), _r.id.desc())
    .limit(_LIMIT)
)
_OVERDUE: Final = Statement(
    select(registrations)
    .where(
        _r.step.not_in([param(_r.step, name) for name in _CONCLUDED]),
        _r.expires_at <= param(_r.expires_at, "now"),
    )
    .order_by(_r.expires_at, _r.id)
    .limit(_LIMIT)
)
_UNDESTROYED: Final = Statement(
    select(registrations)
    .where(_r.evidence_open, _r.step.in_([param(_r.step, name) for name in _DECIDED]))
    .order_by(_r.created_at, _r.id)
    .limit(_LIMIT)
)


class SqlRegistrations(SqlExpiring):
    """:class:`hkeid.enrolment.registration.RegistrationRepository`."""

    __slots__ = ("_connection",)

    EXPIRY = Expiry(registrations, _r.purge_after, _r.id)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, record: RegistrationRecord) -> bool:
        """Keep a new registration; False when its id or reference is taken."""
        return self._connection.change(_ADD, _columns(record)) == 1

    def get(self, registration_id: str) -> RegistrationRecord | None:
        """By id."""
        row = self._connection.find(_GET, {"id": registration_id})
        return None if row is None else _record(row)

    def by_reference(self, reference: str) -> RegistrationRecord | None:
        """By case number."""
        row = self._connection.find(_BY_REFERENCE, {"reference": reference})
        return None if row is None else _record(row)

    def by_browser(self, browser: bytes) -> tuple[RegistrationRecord, ...]:
        """Those begun in a browser, newest first."""
        return self._records(_BY_BROWSER, {"browser": browser})

    def of_resident(self, resident_id: str, *, limit: int = 100) -> tuple[RegistrationRecord, ...]:
        """Those that gave or give an eID, newest first."""
        return self._records(_OF_RESIDENT, {"resident_id": resident_id, "limit": limit})

    def change(self, old: RegistrationRecord, new: RegistrationRecord) -> bool:
        """Compare-and-set on the version; id, case number and beginning never change."""
        parameters = {name: value for name, value in _columns(new).items() if name not in _FIXED}
        parameters |= {"of_id": old.id, "old_version": old.version}
        return self._connection.change(_CHANGE, parameters) == 1

    def in_step(
        self, step: RegistrationStep, *, limit: int = 100
    ) -> tuple[RegistrationRecord, ...]:
        """Those at a step, oldest first."""
        return self._records(_IN_STEP, {"step": step.value, "limit": limit})

    def by_turns(
        self, step: RegistrationStep, *, turn: timedelta, limit: int = 100
    ) -> tuple[RegistrationRecord, ...]:
        """Those at a step in fair order."""
        microseconds = turn // timedelta(microseconds=1)
        return self._records(_BY_TURNS, {"step": step.value, "turn": microseconds, "limit": limit})

    def count_with_picture(self, now: Instant, around: NetworkMark | None = None) -> int:
        """How many are open, in time, and have a picture."""
        parameters: dict[str, Any] = {**_WITH_PICTURE, "now": epoch_microseconds(now)}
        if around is None:
            return self._count(_COUNT_WITH_PICTURE, parameters)
        parameters["digest"] = around.digest
        return self._count(_COUNT_WITH_PICTURE_OF[around.reach], parameters)

    def count_open(self, now: Instant, around: NetworkMark) -> int:
        """How many from a network are open and in time."""
        parameters = {**_OPEN, "now": epoch_microseconds(now), "digest": around.digest}
        return self._count(_COUNT_OPEN_OF[around.reach], parameters)

    def oldest_without_picture(
        self, now: Instant, around: NetworkMark, *, before: Instant
    ) -> RegistrationRecord | None:
        """The one from a network that was begun first and has no picture."""
        parameters = {
            "digest": around.digest,
            "step": RegistrationStep.CARD.value,
            "before": epoch_microseconds(before),
            "now": epoch_microseconds(now),
        }
        row = self._connection.find(_OLDEST_WITHOUT_PICTURE_OF[around.reach], parameters)
        return None if row is None else _record(row)

    def count_faces_with_number(self, digest: bytes, *, since: Instant, but: str) -> int:
        """How many with an identity-card number had a face shown."""
        parameters = {"number_digest": digest, "since": epoch_microseconds(since), "but": but}
        return self._count(_COUNT_FACES_WITH_NUMBER, parameters)

    def faces_with_number(
        self, digest: bytes, *, since: Instant, but: str, limit: int
    ) -> tuple[RegistrationRecord, ...]:
        """Those with an identity-card number that had a face shown, newest first."""
        parameters = {"number_digest": digest, "since": epoch_microseconds(since), "but": but}
        return self._records(_THOSE_FACES_WITH_NUMBER, {**parameters, "limit": limit})

    def overdue(self, now: Instant, *, limit: int = 100) -> tuple[RegistrationRecord, ...]:
        """Those not concluded whose time is over, oldest first."""
        parameters = {**_CONCLUDED, "now": epoch_microseconds(now), "limit": limit}
        return self._records(_OVERDUE, parameters)

    def undestroyed(self, *, limit: int = 100) -> tuple[RegistrationRecord, ...]:
        """Those that are decided and whose evidence may still be there."""
        return self._records(_UNDESTROYED, {**_DECIDED, "limit": limit})

    def _count(self, statement: Statement, parameters: dict[str, Any]) -> int:
        row = self._connection.find(statement, parameters)
        return 0 if row is None else int(row[0])

    def _records(
        self, statement: Statement, parameters: dict[str, Any]
    ) -> tuple[RegistrationRecord, ...]:
        return tuple(_record(row) for row in self._connection.rows(statement, parameters))


def _columns(record: RegistrationRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "reference": record.reference,
        "purpose": record.purpose.value,
        "step": record.step.value,
        "browser": record.browser,
        "language": record.language,
        "statement": record.statement,
        "tries": canonical_json.dumps(dict(record.tries)),
        "challenge": record.challenge,
        "findings": record.findings,
        "decision": record.decision,
        "reason": record.reason,
        "number_digest": record.number_digest,
        "resident_id": record.resident_id,
        "user_handle": record.user_handle,
        "pending": record.pending,
        "evidence_open": record.evidence_open,
        "evidence_digest": record.evidence_digest,
        "created_at": epoch_microseconds(record.created_at),
        "updated_at": epoch_microseconds(record.updated_at),
        "decided_at": moment(record.decided_at),
        "expires_at": epoch_microseconds(record.expires_at),
        "purge_after": moment(record.purge_after),
        "version": record.version,
        "network": record.network,
        "site": record.site,
        "provider": record.provider,
        "faces": record.faces,
    }


_NAMES: Final = tuple(column.name for column in registrations.c)


def _record(row: Row) -> RegistrationRecord:
    kept = dict(zip(_NAMES, row, strict=True))
    del kept["faces"]  # counted out of `tries`, for the database to look for
    return RegistrationRecord(
        **{
            **kept,
            "purpose": RegistrationPurpose(kept["purpose"]),
            "step": RegistrationStep(kept["step"]),
            "tries": canonical_json.loads_object(kept["tries"]),
            "evidence_open": bool(kept["evidence_open"]),
            "created_at": from_epoch_microseconds(kept["created_at"]),
            "updated_at": from_epoch_microseconds(kept["updated_at"]),
            "decided_at": instant(kept["decided_at"]),
            "expires_at": from_epoch_microseconds(kept["expires_at"]),
            "purge_after": instant(kept["purge_after"]),
        }
    )
