"""The audit trail in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import ClauseElement, and_, bindparam, func, insert, literal_column, select

from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.adapters.sql.tables import audit_checkpoints, audit_records, audit_writers
from hkeid.audit.chain import AuditRecord, ChainHead
from hkeid.audit.records import StoredCheckpoint
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds

_PAGE = 1000

_r = audit_records.c
_w = audit_writers.c
_k = audit_checkpoints.c


def _last_records() -> ClauseElement:
    """The last record of every writer: one index search for each, and one snapshot for all."""
    inner = audit_records.alias("later")
    last = (
        select(func.max(inner.c.sequence))
        .where(inner.c.writer == _w.writer)
        .scalar_subquery()
        .correlate(audit_writers)
    )
    return (
        select(audit_records)
        .select_from(audit_writers)
        .join(audit_records, and_(_r.writer == _w.writer, _r.sequence == last))
        .order_by(_w.writer)
    )


_OPEN_WRITER: Final = Statement(insert(audit_writers).values(values(audit_writers)))
_ADD: Final = Statement(insert(audit_records).values(values(audit_records)))
_WRITERS: Final = Statement(select(_w.writer).order_by(_w.writer))
_LAST_RECORDS: Final = Statement(_last_records())
_OF_WRITER: Final = Statement(
    select(audit_records)
    .where(_r.writer == param(_r.writer), _r.sequence > param(_r.sequence, "after"))
    .order_by(_r.sequence)
    .limit(literal_column(str(_PAGE)))
)
_BETWEEN: Final = Statement(
    select(audit_records)
    .where(
        _r.at >= param(_r.at, "since"),
        _r.at < param(_r.at, "until"),
        func.substr(_r.name, literal_column("1"), bindparam("length", required=True))
        == param(_r.name),
    )
    .order_by(_r.at.desc(), _r.writer.desc(), _r.sequence.desc())
    .limit(bindparam("limit", required=True))
)
_PUT_CHECKPOINT: Final = Statement(
    lambda insert: (
        insert(audit_checkpoints).values(values(audit_checkpoints)).on_conflict_do_nothing()
    )
)
_CHECKPOINTS: Final = Statement(
    select(audit_checkpoints)
    .where(_k.number > param(_k.number, "after"))
    .order_by(_k.number)
    .limit(literal_column(str(_PAGE)))
)


class SqlAuditRecords:
    """:class:`hkeid.audit.records.AuditRecordRepository`.

    Records of the present transaction wait here and are written together, just before the commit
    or before somebody reads.
    """

    __slots__ = ("_connection", "_waiting")

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._waiting: list[AuditRecord] = []

    def keep(self, record: AuditRecord) -> None:
        """Take in a record from the trail of the present transaction."""
        self._waiting.append(record)

    def write(self) -> None:
        """Write the records that wait."""
        waiting = self._waiting
        if not waiting:
            return
        first = waiting[0]
        if first.sequence == 1:
            opened = {"writer": first.writer, "opened_at": epoch_microseconds(first.at)}
            self._connection.change(_OPEN_WRITER, opened)
        if len(waiting) == 1:
            self._connection.change(_ADD, _parameters(first))
        else:
            self._connection.change_each(_ADD, [_parameters(record) for record in waiting])
        waiting.clear()

    def writers(self) -> tuple[str, ...]:
        """Every writer that has records."""
        self.write()
        return tuple(row[0] for row in self._connection.rows(_WRITERS, {}))

    def heads(self) -> tuple[ChainHead, ...]:
        """Where every chain stands."""
        self.write()
        lasts = [_record(row) for row in self._connection.rows(_LAST_RECORDS, {})]
        return tuple(ChainHead(last.writer, last.sequence, last.digest()) for last in lasts)

    def of_writer(self, writer: str, after: int = 0) -> Iterator[AuditRecord]:
        """A writer's records after ``after``, fetched a page at a time."""
        self.write()
        while page := self._connection.rows(_OF_WRITER, {"writer": writer, "after": after}):
            for row in page:
                yield _record(row)
            after = page[-1][1]

    def between(
        self, since: Instant, until: Instant, *, name: str = "", limit: int = 1000
    ) -> tuple[AuditRecord, ...]:
        """Records of all writers within a time, newest first."""
        self.write()
        parameters = {
            "since": epoch_microseconds(since),
            "until": epoch_microseconds(until),
            "name": name,
            "length": len(name),
            "limit": limit,
        }
        return tuple(_record(row) for row in self._connection.rows(_BETWEEN, parameters))

    def put_checkpoint(self, number: int, at: Instant, signed: bytes) -> bool:
        """Keep a checkpoint; False when there is one of that number."""
        parameters = {"number": number, "at": epoch_microseconds(at), "signed": signed}
        return self._connection.change(_PUT_CHECKPOINT, parameters) == 1

    def checkpoints(self, after: int = 0) -> Iterator[StoredCheckpoint]:
        """The checkpoints after ``after``, the newest last."""
        while page := self._connection.rows(_CHECKPOINTS, {"after": after}):
            for number, at, signed in page:
                moment = from_epoch_microseconds(at)
                yield StoredCheckpoint(number=number, at=moment, signed=signed)
            after = page[-1][0]


def _parameters(record: AuditRecord) -> dict[str, object]:
    return {
        "writer": record.writer,
        "sequence": record.sequence,
        "at": epoch_microseconds(record.at),
        "name": record.name,
        "body": record.body,
        "previous": record.previous,
        "mac": record.mac,
    }


def _record(row: Row) -> AuditRecord:
    writer, sequence, at, name, body, previous, mac = row
    return AuditRecord(
        writer=writer,
        sequence=sequence,
        at=from_epoch_microseconds(at),
        name=name,
        body=body,
        previous=previous,
        mac=mac,
    )
