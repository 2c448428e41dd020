"""What requests for signatures work with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationSource
from hkeid.ports.evidence import EvidenceVault
from hkeid.ports.keys import KeyStore
from hkeid.ports.pages import PageImages
from hkeid.ports.pdf import PdfEngine
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.ports.timestamps import TimestampAuthority
from hkeid.residents import PersonalFields
from hkeid.signing.activation import SignatureActivation
from hkeid.signing.credentials_of_residents import ResidentCredentials
from hkeid.signing.requests import items
from hkeid.signing.requests.errors import RequestOver, RequestUnknown
from hkeid.signing.requests.expiring import expire
from hkeid.signing.requests.particulars import Particulars
from hkeid.signing.requests.records import RequestState, RequestTransaction, SignatureRequest
from hkeid.signing.requests.settings import RequestSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestParts:
    """The parts, put together once.

    :ivar evidence: documents and texts of a request, until it is over.
    :ivar fields: seals the record that the resident keeps.
    :ivar keys: knows residents as relying parties do (pairwise subjects).
    :ivar timestamps: from level B-T on.
    :ivar revocation: from level B-LT on.
    """

    store: Store[RequestTransaction]
    evidence: EvidenceVault
    fields: PersonalFields
    keys: KeyStore
    engine: PdfEngine
    pages: PageImages
    credentials: ResidentCredentials
    activation: SignatureActivation
    clock: Clock
    random: Random
    settings: RequestSettings
    timestamps: TimestampAuthority | None = None
    revocation: RevocationSource | None = None

    def of_client(self, request_id: str, client_id: str) -> SignatureRequest:
        """A client's request, as it is now.

        :raises RequestUnknown: ``signature_request_unknown``; another client's as well.
        """
        with self.store.transaction() as tx:
            request = tx.signature_requests.get(request_id)
        if request is None or request.client_id != client_id:
            raise RequestUnknown("signature_request_unknown")
        return self.timely(request)

    def of_resident(self, request_id: str, resident_id: str) -> SignatureRequest:
        """A request that a resident opened, as it is now.

        :raises RequestUnknown: ``signature_request_unknown``; another resident's as well.
        """
        with self.store.transaction() as tx:
            request = tx.signature_requests.get(request_id)
        if request is None or request.resident_id != resident_id:
            raise RequestUnknown("signature_request_unknown")
        return self.timely(request)

    def waiting(self, request_id: str, resident_id: str) -> SignatureRequest:
        """A request about which a resident may still decide.

        :raises RequestUnknown: as :meth:`of_resident`.
        :raises RequestOver: ``signature_request_expired``, ``signature_request_over``.
        """
        request = self.of_resident(request_id, resident_id)
        if request.state is RequestState.EXPIRED:
            raise RequestOver("signature_request_expired")
        if request.state is not RequestState.WAITING:
            raise RequestOver("signature_request_over", detail=request.state.value)
        return request

    def timely(self, request: SignatureRequest) -> SignatureRequest:
        """The request, expired if its time is over; its documents are destroyed then."""
        return expire(self.store, self.evidence, request, self.clock.now())

    def particulars(self, request: SignatureRequest) -> Particulars:
        """What the request says.

        :raises RequestOver: ``signature_request_expired``: destroyed already.
        """
        return Particulars.loads(self.item(request, items.PARTICULARS))

    def item(self, request: SignatureRequest, name: str) -> bytes:
        """Something that was kept for a request.

        :raises RequestOver: ``signature_request_expired``: destroyed already.
        """
        content = self.evidence.get(request.id, name)
        if content is None:
            raise RequestOver("signature_request_expired", detail=name)
        return content

    @staticmethod
    def decided(request: SignatureRequest, state: RequestState, at: Instant) -> SignatureRequest:
        """The request, decided."""
        return replace(request, state=state, decided_at=at)


def only(members: Iterable[str], given: dict[str, Any]) -> str | None:
    """The first member of ``given`` that is none of ``members``, or None."""
    known = frozenset(members)
    return next((name for name in given if name not in known), None)
