"""A trail that can be tampered with: three writers, three checkpoints, records beyond the last."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from hkeid.audit import AuditEvent, AuditRecord, ChainHead, Report, anchor, verify
from hkeid.audit.checkpoints import CheckpointFold, sign_checkpoint
from hkeid.ports import KeyPurpose
from hkeid.testing.keys import MemoryKeyStore

START = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(AuditEvent):
    NAME: ClassVar[str] = "test:thing:happened"
    number: int
    words: tuple[str, ...] = ()


@dataclass
class Trail:
    """Records by writer and signed checkpoints, as plain lists to do harm to."""

    keys: MemoryKeyStore
    records: dict[str, list[AuditRecord]] = field(default_factory=dict)
    checkpoints: list[bytes] = field(default_factory=list)
    fold: CheckpointFold = field(default_factory=CheckpointFold)
    now: datetime = START

    def mac(self, digest: bytes) -> bytes:
        return self.keys.mac(KeyPurpose.AUDIT_RECORD, digest)

    def head(self, writer: str) -> ChainHead:
        records = self.records.get(writer)
        if not records:
            return ChainHead(writer)
        return ChainHead(writer, records[-1].sequence, records[-1].digest())

    def write(self, writer: str, count: int = 1) -> None:
        for _ in range(count):
            self.now += timedelta(seconds=7)
            number = len(self.records.get(writer, ()))
            record, _ = self.head(writer).follow(
                Happened(number=number, words=("ü", "身分")), self.now, self.mac
            )
            self.records.setdefault(writer, []).append(record)

    def checkpoint(self) -> None:
        self.now += timedelta(minutes=30)
        checkpoint = self.fold.next([self.head(writer) for writer in self.records], self.now)
        signed = sign_checkpoint(self.keys, checkpoint)
        self.checkpoints.append(signed)
        self.fold.take(checkpoint, anchor(signed))
        self.now += timedelta(minutes=30)

    def public_keys(self) -> list[Any]:
        return [key.public_jwk for key in self.keys.signing_keys(KeyPurpose.AUDIT_CHECKPOINT)]

    def verify(self, *, with_mac: bool = True, anchors: dict[int, bytes] | None = None) -> Report:
        return verify(
            [record for writer in sorted(self.records) for record in self.records[writer]],
            self.checkpoints,
            keys=self.public_keys(),
            mac=self.mac if with_mac else None,
            anchors=anchors,
        )

    def replace(self, writer: str, sequence: int, **changes: Any) -> None:
        at = next(i for i, r in enumerate(self.records[writer]) if r.sequence == sequence)
        self.records[writer][at] = replace(self.records[writer][at], **changes)

    def remacced(self, writer: str, sequence: int, **changes: Any) -> None:
        """Change a record as somebody can who holds the MAC key."""
        self.replace(writer, sequence, **changes)
        record = self.records[writer][sequence - 1]
        self.replace(writer, sequence, mac=self.mac(record.digest()))

    def rewrite(self, writer: str, first: int) -> None:
        """Write a chain anew from ``first`` on, as somebody can who holds the MAC key."""
        for sequence in range(first, len(self.records[writer]) + 1):
            before = self.records[writer][sequence - 2].digest() if sequence > 1 else bytes(32)
            body = (
                b'{"number":777}' if sequence == first else self.records[writer][sequence - 1].body
            )
            self.remacced(writer, sequence, previous=before, body=body)


@pytest.fixture(scope="session")
def keys() -> MemoryKeyStore:
    return MemoryKeyStore()


@pytest.fixture
def trail(keys: MemoryKeyStore) -> Trail:
    """``a`` and ``b`` with 9 records each, the last 2 beyond the newest checkpoint; ``c`` with 3,
    all covered since the second one.
    """
    made = Trail(keys)
    made.write("a", 3)
    made.write("b", 3)
    made.checkpoint()
    made.write("a", 2)
    made.write("c", 3)
    made.checkpoint()
    made.write("a", 2)
    made.write("b", 4)
    made.checkpoint()
    made.write("a", 2)
    made.write("b", 2)
    return made


@pytest.fixture
def event() -> Happened:
    return Happened(number=1)
