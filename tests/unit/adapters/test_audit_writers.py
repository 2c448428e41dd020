"""Writers of the audit trail: whose head goes back, and whose never does."""

from __future__ import annotations

from hkeid.adapters.audit_writers import AuditWriters
from hkeid.testing.store_contract.everything import Happened


def _writers(parts):
    return AuditWriters(parts["keys"], parts["clock"], parts["random"])


def test_a_transaction_without_events_leases_nobody(parts) -> None:
    kept = []
    writers = _writers(parts)
    writers.trail(kept.append).committed()
    first = writers.trail(kept.append)
    first.append(Happened(thing="1"))
    assert (len(kept), kept[0].sequence) == (1, 1)


def test_after_a_commit_the_next_transaction_follows(parts) -> None:
    kept, writers = [], _writers(parts)
    for _ in range(2):
        trail = writers.trail(kept.append)
        trail.append(Happened(thing="x"))
        trail.append(Happened(thing="y"))
        trail.committed()
    assert [record.sequence for record in kept] == [1, 2, 3, 4]
    assert len({record.writer for record in kept}) == 1
    assert kept[2].previous == kept[1].digest()


def test_after_a_rollback_the_next_one_takes_the_place(parts) -> None:
    kept, writers = [], _writers(parts)
    lost = writers.trail(kept.append)
    lost.append(Happened(thing="lost"))
    lost.rolled_back()
    trail = writers.trail(kept.append)
    trail.append(Happened(thing="kept"))
    assert [record.sequence for record in kept] == [1, 1]
    assert kept[0].writer == kept[1].writer


def test_transactions_side_by_side_have_writers_of_their_own(parts) -> None:
    kept, writers = [], _writers(parts)
    one, other = writers.trail(kept.append), writers.trail(kept.append)
    one.append(Happened(thing="1"))
    other.append(Happened(thing="2"))
    assert len({record.writer for record in kept}) == 2


def test_a_writer_whose_commit_is_unknown_is_never_used_again(parts) -> None:
    kept, writers = [], _writers(parts)
    lost = writers.trail(kept.append)
    lost.append(Happened(thing="1"))
    lost.unknown()
    trail = writers.trail(kept.append)
    trail.append(Happened(thing="2"))
    assert [record.sequence for record in kept] == [1, 1]
    assert kept[0].writer != kept[1].writer


def test_an_event_that_cannot_be_recorded_does_not_lose_the_writer(parts) -> None:
    kept, writers = [], _writers(parts)
    trail = writers.trail(kept.append)
    try:
        trail.append(Happened(thing=object()))
    except TypeError:
        trail.rolled_back()
    assert len(writers._idle) == 1
