"""The hash chain: how one record follows another (law 5).

Every writer has a chain of its own, so that there is no global bottleneck. A record's digest covers
everything in it and the digest before it; its MAC (``KeyPurpose.AUDIT_RECORD``) is over that
digest, so that nobody without the key can write a chain that looks right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from hkeid.audit.events import AuditEvent
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant, epoch_microseconds

GENESIS = bytes(32)
"""What stands before a writer's first record."""

_LABEL = b"hkeid-audit-record-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One link of a writer's chain.

    :ivar writer: random id of the chain.
    :ivar sequence: 1, 2, 3 … without gaps within a writer.
    :ivar name: the event's name, ``room:thing:happened``.
    :ivar body: canonical JSON of the event's fields.
    :ivar previous: digest of the record before, or :data:`GENESIS`.
    :ivar mac: HMAC-SHA-256 over :meth:`digest`.
    """

    writer: str
    sequence: int
    at: Instant
    name: str
    body: bytes
    previous: bytes
    mac: bytes

    def digest(self) -> bytes:
        """SHA-256 over a framing of every member but the MAC, each with its length before it."""
        return _digest(self.writer, self.sequence, self.at, self.name, self.body, self.previous)


def _digest(
    writer: str, sequence: int, at: Instant, name: str, body: bytes, previous: bytes
) -> bytes:
    framed = hashlib.sha256()
    for part in (
        _LABEL,
        writer.encode(),
        sequence.to_bytes(8, "big"),
        epoch_microseconds(at).to_bytes(8, "big"),
        name.encode(),
        body,
        previous,
    ):
        framed.update(len(part).to_bytes(4, "big"))
        framed.update(part)
    return framed.digest()


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where a writer's chain stands."""

    writer: str
    sequence: int = 0
    digest: bytes = GENESIS

    def follow(
        self, event: AuditEvent, at: Instant, mac: Callable[[bytes], bytes]
    ) -> tuple[AuditRecord, ChainHead]:
        """The record that ``event`` makes after this head, and the head after it."""
        body = canonical_json.dumps(event.body())
        sequence = self.sequence + 1
        digest = _digest(self.writer, sequence, at, event.NAME, body, self.digest)
        record = AuditRecord(
            writer=self.writer,
            sequence=sequence,
            at=at,
            name=event.NAME,
            body=body,
            previous=self.digest,
            mac=mac(digest),
        )
        return record, ChainHead(self.writer, sequence, digest)
