"""The half of the verification that reads one writer's records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hkeid.audit.chain import AuditRecord, ChainHead
from hkeid.audit.findings import Finding, Reason

_MOST_SUSPECTS = 32
"""Altered records kept per writer, to see whether they merely changed places."""


class WriterWalk:
    """Walks along one writer's chain.

    :param base: where the chain stands before the first record.
    :param mark: where the newest genuine checkpoint saw it, or None.
    """

    __slots__ = ("_backdated", "_base", "_digest", "_mark", "_report", "_sequence", "_suspects")

    def __init__(
        self, *, base: ChainHead, mark: ChainHead | None, report: Callable[[Finding], None]
    ) -> None:
        self._base = base
        self._mark = mark
        self._report = report
        self._sequence = base.sequence
        # None once it cannot be known: after a gap, or after a record that is not what was written.
        self._digest: bytes | None = base.digest
        self._suspects: list[AuditRecord] = []
        self._backdated = False

    def covers(self, sequence: int) -> bool:
        """Whether a checkpoint covers the record of this sequence."""
        return self._mark is not None and sequence <= self._mark.sequence

    def take(self, record: AuditRecord, mac: Callable[[bytes], bytes] | None) -> bool:
        """The next record; returns whether nothing speaks against its being genuine."""
        if record.sequence <= self._sequence:
            repeated = record.sequence == self._sequence
            self._find(
                Reason.RECORD_REPEATED if repeated else Reason.RECORD_OUT_OF_ORDER, record.sequence
            )
            return False
        digest = _digest_of(record)
        altered = digest is None or (mac is not None and mac(digest) != record.mac)
        if record.sequence > self._sequence + 1:
            self._find(Reason.RECORD_MISSING, self._sequence + 1, record.sequence - 1)
            self._digest = None
        elif not altered and self._digest is not None and record.previous != self._digest:
            self._unlinked(record.sequence)
        if altered:
            self._find(Reason.RECORD_ALTERED, record.sequence)
            if len(self._suspects) < _MOST_SUSPECTS:
                self._suspects.append(record)
        elif (
            self._mark is not None
            and record.sequence == self._mark.sequence
            and digest != self._mark.digest
        ):
            self._find(Reason.CHAIN_REWRITTEN, record.sequence)
        self._sequence = record.sequence
        self._digest = None if altered else digest
        return not altered

    def backdated(self, sequence: int) -> None:
        """Record that the record of this sequence is too old to be beyond the checkpoint (once)."""
        if not self._backdated:
            known = self._mark is not None
            self._find(Reason.RECORD_BACKDATED if known else Reason.WRITER_UNKNOWN, sequence)
            self._backdated = True

    def finish(self, mac: Callable[[bytes], bytes] | None) -> None:
        """What only the end can tell: whether the tail is there, and which records changed places."""
        if self._mark is not None and self._sequence < self._mark.sequence:
            self._find(Reason.TAIL_MISSING, self._sequence + 1, self._mark.sequence)
        if mac is not None and len(self._suspects) > 1:
            self._name_moved(mac)

    def _unlinked(self, sequence: int) -> None:
        if self._sequence == self._base.sequence:
            self._find(Reason.LINK_BROKEN, sequence)
        else:
            self._find(Reason.RECORD_REPLACED, self._sequence)

    def _name_moved(self, mac: Callable[[bytes], bytes]) -> None:
        places = [record.sequence for record in self._suspects]
        for record in self._suspects:
            for place in places:
                digest = _digest_of(replace(record, sequence=place))
                if digest is not None and mac(digest) == record.mac:
                    self._find(Reason.RECORD_MOVED, place, record.sequence)

    def _find(self, reason: Reason, sequence: int, last: int | None = None) -> None:
        self._report(Finding(reason=reason, writer=self._base.writer, sequence=sequence, last=last))


def _digest_of(record: AuditRecord) -> bytes | None:
    """The record's digest; None where its values are such as no writer ever wrote."""
    try:
        return record.digest()
    except (OverflowError, UnicodeError):
        return None
