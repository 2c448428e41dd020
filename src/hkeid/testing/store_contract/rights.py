"""``tx.data_requests``: one of each kind waits, closed once, the log of refusals stays its time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

from hkeid.kernel.instants import Instant
from hkeid.profile.rights.grounds import RefusalGround
from hkeid.profile.rights.records import (
    TERM,
    DataRequest,
    Reminder,
    RequestKind,
    RequestState,
)
from hkeid.testing.store_contract.everything import (
    NOW,
    SECOND,
    AnyStore,
    fresh_bytes,
    fresh_id,
)

_PAST = NOW - timedelta(days=20_000)
_BOTH = frozenset({RequestKind.ACCESS, RequestKind.CORRECTION})


def a_request(
    kind: RequestKind = RequestKind.CORRECTION,
    *,
    resident_id: str | None = None,
    at: Instant = NOW,
) -> DataRequest:
    """A request that waits."""
    return DataRequest(
        id=fresh_id(),
        resident_id=resident_id or fresh_id(),
        kind=kind,
        fields=("birth_date", "sex") if kind is RequestKind.CORRECTION else (),
        asked=fresh_bytes(),
        language="zh-Hant-HK",
        received_at=at,
        due_at=at + TERM,
    )


def refused(request: DataRequest, at: Instant = NOW + SECOND) -> DataRequest:
    """The same, refused."""
    return replace(
        request,
        state=RequestState.REFUSED,
        ground=RefusalGround.NOT_INACCURATE,
        answer=fresh_bytes(),
        closed_at=at,
        version=request.version + 1,
    )


class DataRequestsContract:
    """``tx.data_requests``."""

    def test_a_request_is_found_as_it_was_kept(self, store: AnyStore) -> None:
        """By id and by resident, newest first."""
        older = a_request()
        newer = a_request(RequestKind.ACCESS, resident_id=older.resident_id, at=NOW + SECOND)
        with store.transaction() as tx:
            assert tx.data_requests.add(older)
            assert tx.data_requests.add(newer)
        with store.transaction() as tx:
            assert tx.data_requests.get(older.id) == older
            assert tx.data_requests.of_resident(older.resident_id) == (newer, older)
            assert tx.data_requests.of_resident(older.resident_id, limit=1) == (newer,)
            assert tx.data_requests.get(fresh_id()) is None
            assert tx.data_requests.of_resident(fresh_id()) == ()

    def test_one_request_of_a_kind_waits(self, store: AnyStore) -> None:
        """A closed one makes room; an id is never taken twice."""
        first = a_request()
        second = a_request(resident_id=first.resident_id)
        with store.transaction() as tx:
            assert tx.data_requests.add(first)
            assert not tx.data_requests.add(second)
            assert tx.data_requests.change(first, refused(first))
            assert tx.data_requests.add(second)
            assert not tx.data_requests.add(replace(first, resident_id=fresh_id()))

    def test_of_many_at_once_one_request_waits(self, store: AnyStore) -> None:
        """Whoever comes at the same time."""
        resident_id, together = fresh_id(), Barrier(4)
        won: list[bool] = []

        def ask() -> None:
            request = a_request(resident_id=resident_id)
            together.wait()
            with store.transaction() as tx:
                added = tx.data_requests.add(request)
            won.append(added)

        threads = [Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(won) == [False, False, False, True]

    def test_a_request_closes_once(self, store: AnyStore) -> None:
        """Who saw an older version changes nothing, and a closed one stays as it is."""
        request = a_request()
        with store.transaction() as tx:
            tx.data_requests.add(request)
            noted = replace(request, reminder=Reminder.SOON, version=2)
            assert tx.data_requests.change(request, noted)
            assert not tx.data_requests.change(request, refused(request))
            ended = refused(noted)
            assert tx.data_requests.change(noted, ended)
            assert not tx.data_requests.change(
                ended, replace(ended, state=RequestState.ANSWERED, ground=None)
            )
        with store.transaction() as tx:
            assert tx.data_requests.get(request.id) == ended

    def test_waiting_requests_come_by_their_date(self, store: AnyStore) -> None:
        """Of the kinds that were asked for, the closed ones left out."""
        late, later = a_request(at=_PAST), a_request(RequestKind.ACCESS, at=_PAST + SECOND)
        order, closed = a_request(RequestKind.ERASURE, at=_PAST), a_request(at=_PAST)
        with store.transaction() as tx:
            for one in (later, late, order, closed):
                tx.data_requests.add(one)
            tx.data_requests.change(closed, refused(closed))
        with store.transaction() as tx:
            mine = (late, later, order, closed)
            found = [one for one in tx.data_requests.waiting(_BOTH) if one in mine]
            assert found == [late, later]
            orders = tx.data_requests.waiting({RequestKind.ERASURE})
            assert [one for one in orders if one in mine] == [order]
            assert tx.data_requests.waiting(()) == ()
            assert len(tx.data_requests.waiting(_BOTH, limit=1)) == 1

    def test_closed_requests_go_when_their_time_is_over(self, store: AnyStore) -> None:
        """What waits never does."""
        old, young, waits = a_request(at=_PAST), a_request(), a_request(at=_PAST)
        with store.transaction() as tx:
            for one in (old, young, waits):
                tx.data_requests.add(one)
            tx.data_requests.change(old, refused(old, _PAST + SECOND))
            tx.data_requests.change(young, refused(young))
        with store.transaction() as tx:
            assert tx.data_requests.purge(_PAST + SECOND) == ()
            assert tx.data_requests.purge(_PAST + 2 * SECOND)
            assert tx.data_requests.get(old.id) is None
            assert tx.data_requests.get(young.id) is not None
            assert tx.data_requests.get(waits.id) == waits
