"""What a verification of the audit trail may find, each a stable reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hkeid.kernel.instants import Instant


class Reason(StrEnum):
    """One per kind of evidence."""

    RECORD_ALTERED = "record_altered"
    """Its MAC does not fit what it says."""
    RECORD_MOVED = "record_moved"
    """It was written as ``sequence`` and stands at ``last``: reordered."""
    RECORD_MISSING = "record_missing"
    """Records ``sequence`` … ``last`` are not there, later ones are."""
    RECORD_REPEATED = "record_repeated"
    """The same sequence comes twice."""
    RECORD_OUT_OF_ORDER = "record_out_of_order"
    """It comes after records with greater sequences."""
    RECORD_REPLACED = "record_replaced"
    """The next record was written after another one of this sequence."""
    RECORD_BACKDATED = "record_backdated"
    """Beyond the newest checkpoint, but dated well before it."""
    LINK_BROKEN = "link_broken"
    """It does not follow the beginning of the chain (or of the export's window)."""
    TAIL_MISSING = "tail_missing"
    """Records ``sequence`` … ``last`` are cut off: a checkpoint covers them."""
    WRITER_MISSING = "writer_missing"
    """A checkpoint knows the writer, but none of its records is there."""
    WRITER_UNKNOWN = "writer_unknown"
    """Records dated well before the newest checkpoint, by a writer no checkpoint knows."""
    CHAIN_REWRITTEN = "chain_rewritten"
    """The chain's digest at ``sequence`` is not the one in the checkpoint."""
    CHECKPOINT_MALFORMED = "checkpoint_malformed"
    """It does not parse."""
    CHECKPOINT_FORGED = "checkpoint_forged"
    """Its signature does not hold."""
    CHECKPOINT_KEY_UNKNOWN = "checkpoint_key_unknown"
    """Signed by a key that was not given, and no later checkpoint vouches for it."""
    CHECKPOINT_MISSING = "checkpoint_missing"
    """Checkpoints ``sequence`` … ``last`` are not there."""
    CHECKPOINT_OUT_OF_ORDER = "checkpoint_out_of_order"
    """Its number was there already, or it is dated before the one it follows."""
    CHECKPOINT_UNLINKED = "checkpoint_unlinked"
    """It was made after another one than stands before it."""
    CHECKPOINT_REGRESSED = "checkpoint_regressed"
    """It puts a writer's head behind where an earlier checkpoint saw it."""
    CHECKPOINT_STATE_WRONG = "checkpoint_state_wrong"
    """Its digest over all heads does not fit them."""
    CHECKPOINT_DIFFERS_FROM_ANCHOR = "checkpoint_differs_from_anchor"
    """It is not the checkpoint of this number that was anchored outside: a whole rewrite."""
    CHECKPOINT_OVERDUE = "checkpoint_overdue"
    """The newest one is older than the caller allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of evidence.

    :ivar writer: whose chain, None for a checkpoint.
    :ivar sequence: the record's place, or the checkpoint's number.
    :ivar last: end of a range (inclusive) or, for ``record_moved``, where it stands now.
    """

    reason: Reason
    writer: str | None = None
    sequence: int = 0
    last: int | None = None

    def __str__(self) -> str:
        place = (
            f"checkpoint {self.sequence}"
            if self.writer is None
            else f"{self.writer} {self.sequence}"
        )
        return f"{self.reason.value}: {place}" + ("" if self.last is None else f"-{self.last}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a verification saw.

    :ivar findings: at most the number asked for; ``suppressed`` counts the others.
    :ivar authenticated: the MAC of every record was checked; without it, records beyond the newest
        checkpoint are only chained.
    :ivar records: records seen.
    :ivar beyond: how many of them no checkpoint covers yet: cutting those off would go unnoticed.
    :ivar checkpoints: checkpoints seen; ``newest`` and ``newest_at`` describe the last good one.
    :ivar anchors_unchecked: numbers of anchors that lie before an export's window.
    """

    findings: tuple[Finding, ...]
    suppressed: int
    authenticated: bool
    records: int
    beyond: int
    writers: int
    checkpoints: int
    newest: int
    newest_at: Instant | None
    anchors_unchecked: tuple[int, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def reasons(self) -> frozenset[Reason]:
        """The kinds of evidence there are."""
        return frozenset(finding.reason for finding in self.findings)
