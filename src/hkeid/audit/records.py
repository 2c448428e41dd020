"""Where audit records are read from, and where checkpoints are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from hkeid.audit.chain import AuditRecord, ChainHead
from hkeid.audit.events import AuditTrail
from hkeid.kernel.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """A signed checkpoint as the store keeps it.

    :ivar number: 1, 2, 3 … without gaps.
    :ivar signed: the signed checkpoint, whole; only its room reads into it.
    """

    number: int
    at: Instant
    signed: bytes


class AuditRecordRepository(Protocol):
    """The audit trail for those who check or export it. Records come in by ``tx.audit`` alone."""

    def writers(self) -> tuple[str, ...]:
        """Every writer that has records, in order of id."""
        ...

    def heads(self) -> tuple[ChainHead, ...]:
        """Where every chain stands, in order of writer, all seen at one moment.

        The digest is computed from the last record as it is stored, not remembered.
        """
        ...

    def of_writer(self, writer: str, after: int = 0) -> Iterator[AuditRecord]:
        """A writer's records with a sequence greater than ``after``, in order of sequence."""
        ...

    def between(
        self, since: Instant, until: Instant, *, name: str = "", limit: int = 1000
    ) -> tuple[AuditRecord, ...]:
        """Records of all writers from ``since`` on and before ``until``, newest first.

        :param name: how their names begin.
        """
        ...

    def put_checkpoint(self, number: int, at: Instant, signed: bytes) -> bool:
        """Keep a checkpoint. False, and nothing changes, when there is one of that number."""
        ...

    def checkpoints(self, after: int = 0) -> Iterator[StoredCheckpoint]:
        """The checkpoints with a number greater than ``after``, the newest last."""
        ...


class AuditTransaction(Protocol):
    """What checkpoints, verification and export need of a transaction."""

    @property
    def audit(self) -> AuditTrail: ...
    @property
    def audit_records(self) -> AuditRecordRepository: ...
