"""The half of the verification that reads checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hkeid.audit.chain import ChainHead
from hkeid.audit.checkpoints import (
    Checkpoint,
    CheckpointFold,
    anchor,
    check_signature,
    read_checkpoint,
    state_digest,
)
from hkeid.audit.findings import Finding, Reason
from hkeid.kernel.errors import MalformedInput, Refused


class CheckpointWalk:
    """Reads checkpoints in order and reports what is wrong with them.

    Only what a genuine checkpoint says is taken: one whose signature holds, or one whose key is not
    known any more but to which a genuine later one is linked.
    """

    def __init__(
        self,
        keys: Sequence[Mapping[str, Any]],
        anchors: Mapping[int, bytes],
        base: Mapping[str, ChainHead] | None,
        report: Callable[[Finding], None],
    ) -> None:
        self._keys = keys
        self._anchors = anchors
        self._report = report
        self._windowed = base is not None
        self._base = dict(base or {})
        self.fold = CheckpointFold(heads=dict(self._base))
        self.seen = 0
        self.first = 1
        self._unvouched: tuple[int, int] | None = None
        self._state: bytes | None = None
        self._broken = False

    def take(self, signed: bytes) -> None:
        """The next checkpoint."""
        self.seen += 1
        digest = anchor(signed)
        try:
            checkpoint = read_checkpoint(signed)
        except MalformedInput:
            self._find(Reason.CHECKPOINT_MALFORMED, self.fold.number + 1)
            self._skip(digest)
            return
        if self.seen == 1 and self._windowed:
            self.first = checkpoint.number
            self._begin_window(checkpoint)
        self._check_anchor(checkpoint.number, digest)
        if not self._in_place(checkpoint):
            return
        if not self._genuine(signed, checkpoint.number):
            self._skip(digest)
            return
        self._check_heads(checkpoint)
        self.fold.take(checkpoint, digest)
        self._state = checkpoint.state

    def finish(self) -> tuple[int, ...]:
        """Report what only the end can tell; returns the anchors that lie before the window."""
        if self._unvouched is not None:
            first, last = self._unvouched
            self._find(Reason.CHECKPOINT_KEY_UNKNOWN, first, last)
        if (
            self._state is not None
            and not self._broken
            and state_digest(self.fold.heads) != self._state
        ):
            self._find(Reason.CHECKPOINT_STATE_WRONG, self.fold.number)
        newest_anchor = max(self._anchors, default=0)
        if newest_anchor > self.fold.number:
            self._find(Reason.CHECKPOINT_MISSING, self.fold.number + 1, newest_anchor)
        return tuple(sorted(number for number in self._anchors if number < self.first - 1))

    def _begin_window(self, checkpoint: Checkpoint) -> None:
        """An export that does not begin at the beginning: its base must be what was signed."""
        self.fold.number = checkpoint.number - 1
        self.fold.digest = checkpoint.previous
        self._check_anchor(checkpoint.number - 1, checkpoint.previous)
        heads = self._base
        if (
            state_digest(heads) != checkpoint.state
            or len(heads) != checkpoint.writers
            or any(heads.get(head.writer) != head for head in checkpoint.moved)
        ):
            self._find(Reason.CHECKPOINT_STATE_WRONG, checkpoint.number)

    def _check_anchor(self, number: int, digest: bytes) -> None:
        wanted = self._anchors.get(number)
        if wanted is not None and wanted != digest:
            self._find(Reason.CHECKPOINT_DIFFERS_FROM_ANCHOR, number)

    def _in_place(self, checkpoint: Checkpoint) -> bool:
        expected = self.fold.number + 1
        if checkpoint.number < expected:
            self._find(Reason.CHECKPOINT_OUT_OF_ORDER, checkpoint.number)
            return False
        if checkpoint.number > expected:
            self._find(Reason.CHECKPOINT_MISSING, expected, checkpoint.number - 1)
            self._broken = True
            self.fold.number = checkpoint.number - 1
        elif checkpoint.previous != self.fold.digest:
            self._find(Reason.CHECKPOINT_UNLINKED, checkpoint.number)
            # What stood before and waited for somebody to vouch for it will wait in vain.
            self._give_up_unvouched()
        if self.fold.at is not None and checkpoint.at < self.fold.at:
            self._find(Reason.CHECKPOINT_OUT_OF_ORDER, checkpoint.number)
        return True

    def _genuine(self, signed: bytes, number: int) -> bool:
        try:
            check_signature(signed, self._keys)
        except Refused as error:
            if error.reason != "jws_key_unknown":
                self._find(Reason.CHECKPOINT_FORGED, number)
                return False
            first = number if self._unvouched is None else self._unvouched[0]
            self._unvouched = (first, number)
        else:
            self._unvouched = None
        return True

    def _check_heads(self, checkpoint: Checkpoint) -> None:
        if self._windowed and self.seen == 1:
            return
        for head in checkpoint.moved:
            before = self.fold.heads.get(head.writer)
            if before is not None and head.sequence <= before.sequence:
                self._report(
                    Finding(
                        reason=Reason.CHECKPOINT_REGRESSED,
                        writer=head.writer,
                        sequence=head.sequence,
                        last=checkpoint.number,
                    )
                )

    def _give_up_unvouched(self) -> None:
        if self._unvouched is not None:
            first, last = self._unvouched
            self._find(Reason.CHECKPOINT_KEY_UNKNOWN, first, last)
            self._unvouched = None

    def _skip(self, digest: bytes) -> None:
        """Stand after a checkpoint that is not believed."""
        self._broken = True
        self.fold.number += 1
        self.fold.digest = digest

    def _find(self, reason: Reason, number: int, last: int | None = None) -> None:
        self._report(Finding(reason=reason, sequence=number, last=last))
