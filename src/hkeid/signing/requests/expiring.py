"""The end of requests about which nobody decided."""

from __future__ import annotations

from dataclasses import replace

from hkeid.kernel.instants import Instant
from hkeid.ports.evidence import EvidenceVault
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock
from hkeid.signing.requests.events import SignatureRequestExpired
from hkeid.signing.requests.records import RequestState, RequestTransaction, SignatureRequest


def expire(
    store: Store[RequestTransaction],
    evidence: EvidenceVault,
    request: SignatureRequest,
    now: Instant,
) -> SignatureRequest:
    """The request as it is at ``now``: expired if its time is over; its documents are destroyed then."""
    if request.state is not RequestState.WAITING or now < request.expires_at:
        return request
    expired = replace(request, state=RequestState.EXPIRED, decided_at=now)
    with store.transaction() as tx:
        if not tx.signature_requests.change(request, expired):
            found = tx.signature_requests.get(request.id)
            return request if found is None else found
        tx.audit.append(SignatureRequestExpired(request_id=request.id, client_id=request.client_id))
    evidence.destroy(request.id)
    return replace(expired, version=request.version + 1)


def expire_overdue(
    store: Store[RequestTransaction], evidence: EvidenceVault, clock: Clock, *, limit: int = 500
) -> int:
    """Expire what waited too long; returns how many."""
    now = clock.now()
    with store.transaction() as tx:
        overdue = tx.signature_requests.overdue(now, limit=limit)
    for request in overdue:
        expire(store, evidence, request, now)
    return len(overdue)
