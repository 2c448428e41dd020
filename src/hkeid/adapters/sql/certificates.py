"""Issued certificates, revocation lists and serial numbers in SQL."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import and_, bindparam, case, func, insert, literal_column, or_, select, update

from hkeid.adapters.sql.certificates_tables import (
    issued_certificates,
    revocation_lists,
    serial_counters,
)
from hkeid.adapters.sql.columns import instant, moment
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.ports.certificates import RevocationReason
from hkeid.signing.certificates.records import IssuedRecord, RevocationListRecord

_i, _l, _s = issued_certificates.c, revocation_lists.c, serial_counters.c
_LIMIT: Final[Any] = bindparam("limit", required=True)
_this_one = and_(_i.authority == param(_i.authority), _i.serial == param(_i.serial))
_of_authority = _i.authority == param(_i.authority)

_ADD: Final = Statement(insert(issued_certificates).values(values(issued_certificates)))
_GET: Final = Statement(select(issued_certificates).where(_this_one))
_REVOKE: Final = Statement(
    update(issued_certificates)
    .where(_this_one, _i.revoked_at.is_(None))
    .values(
        revoked_at=param(_i.revoked_at, "at"),
        reason=param(_i.reason, "why"),
        invalid_since=param(_i.invalid_since, "since"),
    )
)
_REVOKED: Final = Statement(
    select(issued_certificates)
    .where(_of_authority, _i.revoked_at.is_not(None))
    .order_by(_i.revoked_at, _i.serial)
)
_LAST: Final = Statement(select(func.max(_i.revoked_at)).where(_of_authority))
_CURRENT: Final = Statement(
    select(issued_certificates)
    .where(
        _of_authority,
        _i.not_after >= param(_i.not_after, "at"),
        _i.serial > param(_i.serial, "after"),
    )
    .order_by(_i.serial)
    .limit(_LIMIT)
)
_OF_REFERENCE: Final = Statement(
    select(issued_certificates)
    .where(_i.reference == param(_i.reference))
    .order_by(_i.issued_at.desc(), _i.serial)
    .limit(_LIMIT)
)
_PUT_LIST: Final = Statement(
    lambda insert: (
        insert(revocation_lists).values(values(revocation_lists)).on_conflict_do_nothing()
    )
)
_NEWEST: Final = Statement(
    select(revocation_lists)
    .where(_l.authority == param(_l.authority))
    .order_by(_l.number.desc())
    .limit(_LIMIT)
)
_BEGIN: Final = Statement(
    lambda insert: insert(serial_counters).values(values(serial_counters)).on_conflict_do_nothing()
)
_RESERVE: Final = Statement(
    update(serial_counters)
    .where(
        _s.name == param(_s.name),
        or_(
            _s.last_at < param(_s.last_at, "now"),
            bindparam("any_order", type_=_s.following.type, required=True) == literal_column("1"),
        ),
    )
    .values(
        following=_s.following + param(_s.following, "count"),
        last_at=case(
            (_s.last_at < param(_s.last_at, "now"), param(_s.last_at, "now")), else_=_s.last_at
        ),
    )
    .returning(_s.following)
)


class SqlIssuedCertificates:
    """:class:`hkeid.signing.certificates.IssuedRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, record: IssuedRecord) -> None:
        """Keep a new one.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        self._connection.change(
            _ADD,
            {
                "authority": record.authority,
                "serial": record.serial,
                "profile": record.profile,
                "reference": record.reference,
                "fingerprint": record.fingerprint,
                "not_before": epoch_microseconds(record.not_before),
                "not_after": epoch_microseconds(record.not_after),
                "issued_at": epoch_microseconds(record.issued_at),
                "revoked_at": moment(record.revoked_at),
                "reason": None if record.reason is None else record.reason.value,
                "invalid_since": moment(record.invalid_since),
            },
        )

    def get(self, authority: str, serial: str) -> IssuedRecord | None:
        """One of them."""
        row = self._connection.find(_GET, {"authority": authority, "serial": serial})
        return None if row is None else _record(row)

    def revoke(
        self,
        authority: str,
        serial: str,
        *,
        at: Instant,
        reason: RevocationReason,
        invalid_since: Instant | None = None,
    ) -> bool:
        """Revoke, if nobody has."""
        parameters = {
            "authority": authority,
            "serial": serial,
            "at": epoch_microseconds(at),
            "why": reason.value,
            "since": moment(invalid_since),
        }
        return self._connection.change(_REVOKE, parameters) == 1

    def revoked(self, authority: str) -> tuple[IssuedRecord, ...]:
        """All that were ever revoked, in order of time."""
        return self._records(_REVOKED, {"authority": authority})

    def last_revocation(self, authority: str) -> Instant | None:
        """When the last one was revoked."""
        row = self._connection.one(_LAST, {"authority": authority})
        return None if row is None else instant(row[0])

    def current(
        self, authority: str, at: Instant, *, after: str = "", limit: int = 1000
    ) -> tuple[IssuedRecord, ...]:
        """Those whose period has not ended, in order of serial number."""
        return self._records(
            _CURRENT,
            {
                "authority": authority,
                "at": epoch_microseconds(at),
                "after": after,
                "limit": limit,
            },
        )

    def of_reference(self, reference: str, *, limit: int = 1000) -> tuple[IssuedRecord, ...]:
        """A subject's, the newest first."""
        return self._records(_OF_REFERENCE, {"reference": reference, "limit": limit})

    def _records(
        self, statement: Statement, parameters: dict[str, Any]
    ) -> tuple[IssuedRecord, ...]:
        return tuple(_record(row) for row in self._connection.rows(statement, parameters))


class SqlRevocationLists:
    """:class:`hkeid.signing.certificates.RevocationListRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def put(self, record: RevocationListRecord) -> bool:
        """Keep a new one; False when there is one of that number."""
        parameters = {
            "authority": record.authority,
            "number": record.number,
            "this_update": epoch_microseconds(record.this_update),
            "next_update": epoch_microseconds(record.next_update),
            "encoded": record.encoded,
        }
        return self._connection.change(_PUT_LIST, parameters) == 1

    def newest(self, authority: str) -> RevocationListRecord | None:
        """The one with the highest number."""
        row = self._connection.one(_NEWEST, {"authority": authority, "limit": 1})
        if row is None:
            return None
        _, number, this_update, next_update, encoded = row
        return RevocationListRecord(
            authority=authority,
            number=number,
            this_update=from_epoch_microseconds(this_update),
            next_update=from_epoch_microseconds(next_update),
            encoded=bytes(encoded),
        )


class SqlSerialCounters:
    """:class:`hkeid.signing.certificates.SerialCounters`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def reserve(self, name: str, count: int, at: Instant, *, in_order: bool = False) -> int | None:
        """Take ``count`` numbers in a row, in one conditional statement."""
        now = epoch_microseconds(at)
        begun = self._connection.change(
            _BEGIN, {"name": name, "following": count + 1, "last_at": now}
        )
        if begun:
            return 1
        parameters = {"name": name, "count": count, "now": now, "any_order": int(not in_order)}
        row = self._connection.one(_RESERVE, parameters)
        return None if row is None else int(row[0]) - count


def _record(row: Row) -> IssuedRecord:
    (
        authority, serial, profile, reference, fingerprint,
        not_before, not_after, issued_at, revoked_at, reason, invalid_since,
    ) = row  # fmt: skip
    return IssuedRecord(
        authority=authority,
        serial=serial,
        profile=profile,
        reference=reference,
        fingerprint=bytes(fingerprint),
        not_before=from_epoch_microseconds(not_before),
        not_after=from_epoch_microseconds(not_after),
        issued_at=from_epoch_microseconds(issued_at),
        revoked_at=instant(revoked_at),
        reason=None if reason is None else RevocationReason(reason),
        invalid_since=instant(invalid_since),
    )
