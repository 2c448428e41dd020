"""The audit trail in memory."""

from __future__ import annotations

from collections.abc import Iterator

from hkeid.adapters.memory.journal import Journal
from hkeid.audit.chain import AuditRecord, ChainHead
from hkeid.audit.records import StoredCheckpoint
from hkeid.kernel.instants import Instant


class MemoryAuditRecords:
    """:class:`hkeid.audit.records.AuditRecordRepository`."""

    __slots__ = ("_checkpoints", "_journal", "_records")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._records: dict[str, dict[int, AuditRecord]] = {}
        self._checkpoints: dict[int, StoredCheckpoint] = {}

    def keep(self, record: AuditRecord) -> None:
        """Take in a record from the trail of the present transaction."""
        chain = self._records.get(record.writer)
        if chain is None:
            chain = {}
            self._journal.set(self._records, record.writer, chain)
        self._journal.set(chain, record.sequence, record)

    def writers(self) -> tuple[str, ...]:
        """Every writer that has records."""
        return tuple(sorted(self._records))

    def heads(self) -> tuple[ChainHead, ...]:
        """Where every chain stands."""
        lasts = [next(reversed(self._records[writer].values())) for writer in self.writers()]
        return tuple(ChainHead(last.writer, last.sequence, last.digest()) for last in lasts)

    def of_writer(self, writer: str, after: int = 0) -> Iterator[AuditRecord]:
        """A writer's records after ``after``."""
        chain = self._records.get(writer, {})
        return iter([record for record in chain.values() if record.sequence > after])

    def between(
        self, since: Instant, until: Instant, *, name: str = "", limit: int = 1000
    ) -> tuple[AuditRecord, ...]:
        """Records of all writers within a time, newest first."""
        found = [
            record
            for chain in self._records.values()
            for record in chain.values()
            if since <= record.at < until and record.name.startswith(name)
        ]
        found.sort(key=lambda one: (one.at, one.writer, one.sequence), reverse=True)
        return tuple(found[:limit])

    def put_checkpoint(self, number: int, at: Instant, signed: bytes) -> bool:
        """Keep a checkpoint; False when there is one of that number."""
        if number in self._checkpoints:
            return False
        checkpoint = StoredCheckpoint(number=number, at=at, signed=signed)
        self._journal.set(self._checkpoints, number, checkpoint)
        return True

    def checkpoints(self, after: int = 0) -> Iterator[StoredCheckpoint]:
        """The checkpoints after ``after``, the newest last."""
        numbers = sorted(number for number in self._checkpoints if number > after)
        return iter([self._checkpoints[number] for number in numbers])
