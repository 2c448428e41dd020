"""What every store promises about requests for signatures."""

from __future__ import annotations

from dataclasses import replace

from hkeid.signing.requests.records import RequestState, SignatureRequest
from hkeid.testing.store_contract.everything import (
    LATER,
    NOW,
    SECOND,
    AnyStore,
    fresh_bytes,
    fresh_id,
)


def a_signature_request(*, client_id: str | None = None) -> SignatureRequest:
    """A fresh request that waits until :data:`LATER`."""
    return SignatureRequest(
        id=fresh_id(),
        client_id=client_id or fresh_id(),
        documents=2,
        redirect_uri="https://rp.example.hk/eid/signed",
        client_state="state",
        created_at=NOW,
        expires_at=LATER,
    )


def _signed(request: SignatureRequest, resident_id: str) -> SignatureRequest:
    return replace(
        request,
        state=RequestState.SIGNED,
        resident_id=resident_id,
        signature_id=fresh_id(),
        record=fresh_bytes(90),
        expires_at=LATER + SECOND,
        decided_at=NOW + SECOND,
    )


class SignatureRequestsContract:
    """``tx.signature_requests``."""

    def test_a_signature_request_is_found_by_id(self, store: AnyStore) -> None:
        """As it was added; its id is taken then."""
        request = a_signature_request()
        with store.transaction() as tx:
            assert tx.signature_requests.add(request)
            assert not tx.signature_requests.add(replace(request, client_id="another"))
        with store.transaction() as tx:
            assert tx.signature_requests.get(request.id) == request
            assert tx.signature_requests.get(fresh_id()) is None

    def test_a_signature_request_changes_once_for_each_version(self, store: AnyStore) -> None:
        """Compare-and-set; what was asked never changes."""
        request, resident_id = a_signature_request(), fresh_id()
        changed = _signed(replace(request, client_id="another", documents=9), resident_id)
        with store.transaction() as tx:
            tx.signature_requests.add(request)
            assert tx.signature_requests.change(request, changed)
            assert not tx.signature_requests.change(request, changed)
        expected = replace(
            changed, client_id=request.client_id, documents=request.documents, version=2
        )
        with store.transaction() as tx:
            assert tx.signature_requests.get(request.id) == expected

    def test_open_signature_requests_of_a_client_are_counted(self, store: AnyStore) -> None:
        """Waiting and signed ones whose time is not over; nobody else's."""
        client_id = fresh_id()
        waiting, signed, refused = (a_signature_request(client_id=client_id) for _ in range(3))
        with store.transaction() as tx:
            for one in (waiting, signed, refused, a_signature_request()):
                tx.signature_requests.add(one)
            tx.signature_requests.change(signed, _signed(signed, fresh_id()))
            tx.signature_requests.change(refused, replace(refused, state=RequestState.REFUSED))
        with store.transaction() as tx:
            assert tx.signature_requests.open_of_client(client_id, NOW) == 2
            assert tx.signature_requests.open_of_client(client_id, LATER) == 1
            assert tx.signature_requests.open_of_client(client_id, LATER + SECOND) == 0

    def test_what_a_resident_signed_is_listed_newest_first(self, store: AnyStore) -> None:
        """Collected ones too; not what waits."""
        resident_id = fresh_id()
        first, second, waiting = (a_signature_request() for _ in range(3))
        one = _signed(first, resident_id)
        two = replace(
            _signed(second, resident_id), state=RequestState.COLLECTED, decided_at=NOW + 2 * SECOND
        )
        with store.transaction() as tx:
            for each in (first, second, waiting):
                tx.signature_requests.add(each)
            tx.signature_requests.change(first, one)
            tx.signature_requests.change(second, two)
            tx.signature_requests.change(waiting, replace(waiting, resident_id=resident_id))
        with store.transaction() as tx:
            found = tx.signature_requests.signed_by(resident_id)
            assert [each.id for each in found] == [second.id, first.id]
            assert len(tx.signature_requests.signed_by(resident_id, limit=1)) == 1
            opened = tx.signature_requests.of_resident(resident_id)
            assert {each.id for each in opened} == {first.id, second.id, waiting.id}
            assert len(tx.signature_requests.of_resident(resident_id, limit=2)) == 2

    def test_overdue_signature_requests_are_found_and_ended_ones_purged(
        self, store: AnyStore
    ) -> None:
        """What was signed stays."""
        waiting, signed = a_signature_request(), a_signature_request()
        with store.transaction() as tx:
            tx.signature_requests.add(waiting)
            tx.signature_requests.add(signed)
            tx.signature_requests.change(signed, _signed(signed, fresh_id()))
        with store.transaction() as tx:
            early = {one.id for one in tx.signature_requests.overdue(LATER - SECOND)}
            late = {one.id for one in tx.signature_requests.overdue(LATER)}
            assert waiting.id not in early
            assert waiting.id in late
            assert signed.id not in late
        with store.transaction() as tx:
            assert len(tx.signature_requests.purge(LATER + 60 * SECOND)) >= 1
            assert tx.signature_requests.get(waiting.id) is None
            assert tx.signature_requests.get(signed.id) is not None
