"""Reading a long trail out of a store in use, in short transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Protocol

from hkeid.audit.chain import AuditRecord
from hkeid.audit.records import AuditTransaction, StoredCheckpoint
from hkeid.ports.storage import Store

_AT_ONCE = 1000


class TrailStore(Store[AuditTransaction], Protocol):
    """A store whose trail can be read without holding up those who write it."""

    def reading(self) -> AbstractContextManager[AuditTransaction]:
        """A transaction that only reads and sees one state."""
        ...


def stored_checkpoints(store: TrailStore, after: int = 0) -> Iterator[StoredCheckpoint]:
    """Checkpoints with a number greater than ``after``, oldest first. No transaction is open while
    the caller looks at one.
    """
    while True:
        with store.reading() as tx:
            batch = list(islice(tx.audit_records.checkpoints(after), _AT_ONCE))
        yield from batch
        if len(batch) < _AT_ONCE:
            return
        after = batch[-1].number


def stored_records(store: TrailStore, writer: str, after: int = 0) -> Iterator[AuditRecord]:
    """A writer's records with a sequence greater than ``after``, in order of sequence."""
    while True:
        with store.reading() as tx:
            batch = list(islice(tx.audit_records.of_writer(writer, after), _AT_ONCE))
        yield from batch
        if len(batch) < _AT_ONCE:
            return
        after = batch[-1].sequence
