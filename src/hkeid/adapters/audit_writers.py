"""How a store writes its audit trail: a pool of writers, one leased by each transaction (law 5).

A transaction leases a writer at its first event and holds it alone until it ends, so that no two
transactions ever follow the same head and no lock is shared between them. The head that goes back
to the pool is the new one after a commit and the old one after a rollback. When nobody can say
whether a commit happened, the writer is not used again: its next record could collide with one that
is there, or leave a gap.
"""

from __future__ import annotations

from collections.abc import Callable

from hkeid.audit.chain import AuditRecord, ChainHead
from hkeid.audit.events import AuditEvent
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.surroundings import Clock, Random


class AuditWriters:
    """The writers of one store in one process. They begin afresh in every process."""

    __slots__ = ("_clock", "_idle", "_keys", "_random")

    def __init__(self, keys: KeyStore, clock: Clock, random: Random) -> None:
        self._keys = keys
        self._clock = clock
        self._random = random
        self._idle: list[ChainHead] = []

    def trail(self, keep: Callable[[AuditRecord], object]) -> LeasedTrail:
        """The trail of one transaction; ``keep`` is given every record it makes."""
        return LeasedTrail(self, keep)

    def lease(self) -> ChainHead:
        """Take the head of a writer that nobody uses, the one used last before others."""
        try:
            return self._idle.pop()
        except IndexError:
            return ChainHead(self._random.token(16))

    def give_back(self, head: ChainHead) -> None:
        """Let others use the writer, from ``head`` on."""
        self._idle.append(head)

    def follow(self, head: ChainHead, event: AuditEvent) -> tuple[AuditRecord, ChainHead]:
        """The record that ``event`` makes now after ``head``, and the head after it."""
        return head.follow(event, self._clock.now(), self._mac)

    def _mac(self, digest: bytes) -> bytes:
        return self._keys.mac(KeyPurpose.AUDIT_RECORD, digest)


class LeasedTrail:
    """``tx.audit`` of one transaction. Its store calls one of the three endings, once."""

    __slots__ = ("_before", "_head", "_keep", "_writers")

    def __init__(self, writers: AuditWriters, keep: Callable[[AuditRecord], object]) -> None:
        self._writers = writers
        self._keep = keep
        self._before: ChainHead | None = None
        self._head: ChainHead | None = None

    def append(self, event: AuditEvent) -> None:
        """Record ``event`` at the present moment, chained and authenticated."""
        head = self._head
        if head is None:
            head = self._before = self._writers.lease()
            # From here on the lease is known, so that a failure below still gives it back.
            self._head = head
        record, after = self._writers.follow(head, event)
        self._keep(record)
        self._head = after

    def committed(self) -> None:
        """The records are kept: the next transaction follows them."""
        if self._head is not None:
            self._writers.give_back(self._head)
            self._head = self._before = None

    def rolled_back(self) -> None:
        """The records never were: the next transaction follows what was before."""
        if self._before is not None:
            self._writers.give_back(self._before)
            self._head = self._before = None

    def unknown(self) -> None:
        """Whether the commit happened is not known: nobody may follow this writer."""
        self._head = self._before = None
