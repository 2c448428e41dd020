"""What may be configured about how long things are kept. The docstring is the reference: docs quote it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSection:
    """``[retention]``: how long things are kept whose end does not follow from what they are.

    :ivar after_erasure_days: proofs about a resident (consents, disclosures, guardians' approvals, accesses of
        officers, passkeys) after the erasure, 365 to 7305. Seven years: an action may be brought for six.
    """

    after_erasure_days: int = 2557


def retention_complaints(section: RetentionSection) -> Iterator[tuple[str, str]]:
    """Keys whose values cannot be meant, each with what is expected."""
    if not 365 <= section.after_erasure_days <= 7305:
        yield "retention.after_erasure_days", "365 to 7305"
