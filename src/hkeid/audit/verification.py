"""Offline verification of the audit trail (law 5).

Nothing here touches a store: records and checkpoints are handed in, one by one, in any number. Memory
grows with the number of writers, not of records.

What is proved, and by what:

* a record's MAC: nobody without the MAC key wrote or changed it;
* the links within a chain: nothing in the middle was removed, exchanged or put in;
* the newest checkpoint's signature: nothing before it was cut off or written anew, even by somebody
  who holds the MAC key;
* an anchor kept outside: nothing before it was written anew by somebody who holds every key.

Cutting off records that no checkpoint covers yet, together with nothing after them, is beyond proof:
that window is as long as the time between two checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from hkeid.audit.chain import AuditRecord, ChainHead
from hkeid.audit.checkpoint_walk import CheckpointWalk
from hkeid.audit.findings import Finding, Reason, Report
from hkeid.audit.reading import TrailStore, stored_checkpoints, stored_records
from hkeid.audit.record_walk import WriterWalk
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyPurpose, KeyStore

Mac = Callable[[bytes], bytes]


class Verifier:
    """Takes checkpoints, then records (each writer's in order, writers in any mixture), then reports.

    :param keys: public JWKs under which checkpoints may be signed, retired ones included.
    :param mac: HMAC under the record key, or None for an auditor who does not have it.
    :param anchors: digests of checkpoints that were kept outside, by number.
    :param base: heads at the first checkpoint given, when the records begin after it; None for a
        trail from its beginning.
    :param tolerance: how far clocks and running transactions may put a record's time before the
        checkpoint that does not cover it yet.
    :param most: findings that are kept; the others are counted.
    """

    def __init__(
        self,
        *,
        keys: Iterable[Mapping[str, Any]],
        mac: Mac | None,
        anchors: Mapping[int, bytes] | None = None,
        base: Mapping[str, ChainHead] | None = None,
        tolerance: timedelta = timedelta(minutes=10),
        most: int = 1000,
    ) -> None:
        self._mac = mac
        self._base = base or {}
        self._tolerance = tolerance
        self._most = most
        self._findings: list[Finding] = []
        self._suppressed = 0
        self._walks: dict[str, WriterWalk] = {}
        self._records = 0
        self._beyond = 0
        self._checkpoints = CheckpointWalk(tuple(keys), anchors or {}, base, self._find)

    def add_checkpoint(self, signed: bytes) -> None:
        """The next checkpoint in order.

        :raises hkeid.kernel.errors.Refused: ``audit_checkpoint_after_records``.
        """
        if self._records:
            raise Refused("audit_checkpoint_after_records")
        self._checkpoints.take(signed)

    def add_record(self, record: AuditRecord) -> None:
        """The next record of its writer."""
        self._records += 1
        walk = self._walks.get(record.writer)
        if walk is None:
            walk = self._walks[record.writer] = WriterWalk(
                base=self._base.get(record.writer) or ChainHead(record.writer),
                mark=self._checkpoints.fold.heads.get(record.writer),
                report=self._find,
            )
        authentic = walk.take(record, self._mac)
        if not walk.covers(record.sequence):
            self._beyond += 1
            newest = self._checkpoints.fold.at
            if authentic and newest is not None and record.at < newest - self._tolerance:
                walk.backdated(record.sequence)

    def finish(self, *, now: Instant | None = None, max_age: timedelta | None = None) -> Report:
        """The report.

        :param now: with ``max_age``: the newest checkpoint must not be older at this moment.
        """
        unchecked = self._checkpoints.finish()
        fold = self._checkpoints.fold
        for writer, mark in fold.heads.items():
            walk = self._walks.get(writer)
            if walk is not None:
                continue
            base = self._base.get(writer)
            if base is None:
                self._find(
                    Finding(
                        reason=Reason.WRITER_MISSING, writer=writer, sequence=1, last=mark.sequence
                    )
                )
            elif base.sequence < mark.sequence:
                WriterWalk(base=base, mark=mark, report=self._find).finish(self._mac)
        for walk in self._walks.values():
            walk.finish(self._mac)
        if max_age is not None and now is not None and (fold.at is None or now - fold.at > max_age):
            self._find(Finding(reason=Reason.CHECKPOINT_OVERDUE, sequence=fold.number))
        return Report(
            findings=tuple(self._findings),
            suppressed=self._suppressed,
            authenticated=self._mac is not None,
            records=self._records,
            beyond=self._beyond,
            writers=len(self._walks.keys() | fold.heads.keys()),
            checkpoints=self._checkpoints.seen,
            newest=fold.number,
            newest_at=fold.at,
            anchors_unchecked=unchecked,
        )

    def _find(self, finding: Finding) -> None:
        if len(self._findings) < self._most:
            self._findings.append(finding)
        else:
            self._suppressed += 1


def verify(
    records: Iterable[AuditRecord],
    checkpoints: Iterable[bytes],
    *,
    keys: Iterable[Mapping[str, Any]],
    mac: Mac | None,
    anchors: Mapping[int, bytes] | None = None,
) -> Report:
    """Verify a whole trail, from its beginning, that is at hand as records and checkpoints."""
    verifier = Verifier(keys=keys, mac=mac, anchors=anchors)
    for signed in checkpoints:
        verifier.add_checkpoint(signed)
    for record in records:
        verifier.add_record(record)
    return verifier.finish()


def verify_store(
    store: TrailStore,
    keys: KeyStore,
    *,
    public_keys: Iterable[Mapping[str, Any]] = (),
    anchors: Mapping[int, bytes] | None = None,
    now: Instant | None = None,
    max_age: timedelta | None = None,
) -> Report:
    """Verify the trail in a store while it is in use.

    Checkpoints are read first and records afterwards, in short transactions, so that whatever a
    checkpoint covers must be there.

    :param public_keys: public JWKs of retired checkpoint keys, besides those in the key store.
    """
    known = [key.public_jwk for key in keys.signing_keys(KeyPurpose.AUDIT_CHECKPOINT)]
    verifier = Verifier(
        keys=[*known, *public_keys],
        mac=lambda digest: keys.mac(KeyPurpose.AUDIT_RECORD, digest),
        anchors=anchors,
    )
    for stored in stored_checkpoints(store):
        verifier.add_checkpoint(stored.signed)
    with store.reading() as tx:
        writers = tx.audit_records.writers()
    for writer in writers:
        for record in stored_records(store, writer):
            verifier.add_record(record)
    return verifier.finish(now=now, max_age=max_age)
