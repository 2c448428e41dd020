"""What a resident sees of a request, and whose it is once it was opened."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256

from hkeid.doors.subjects import pairwise_subject
from hkeid.identity.authentication import SessionView
from hkeid.identity.state import EidState
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import NotFound
from hkeid.op.records import Client
from hkeid.residents.records import Resident
from hkeid.signing.requests import items
from hkeid.signing.requests.errors import ApprovalRefused, RequestOver, RequestUnknown
from hkeid.signing.requests.events import SignatureRequestOpened
from hkeid.signing.requests.particulars import Particulars, RequestedDocument
from hkeid.signing.requests.parts import RequestParts
from hkeid.signing.requests.records import RequestState, SignatureRequest

_AT_ONCE = 10
"""Pages drawn by one call of the worker, which has a time limit for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """A request in front of its resident.

    :ivar particulars: None once it is over.
    """

    request: SignatureRequest
    client: Client
    particulars: Particulars | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPage:
    """A page image: its size in pixels and its digest."""

    width: int
    height: int
    digest: str


class Viewing:
    """The resident's view."""

    def __init__(self, parts: RequestParts) -> None:
        self._parts = parts

    def asked_by(self, request_id: str) -> Client:
        """Who asks: all that is told before somebody has logged in.

        :raises RequestUnknown: ``signature_request_unknown``.
        """
        with self._parts.store.transaction() as tx:
            request = tx.signature_requests.get(request_id)
            client = None if request is None else tx.clients.get(request.client_id)
        if client is None:
            raise RequestUnknown("signature_request_unknown")
        return client

    def open(self, request_id: str, session: SessionView) -> OpenRequest:
        """Open a request: from now on it is this resident's.

        :raises RequestUnknown: ``signature_request_unknown``.
        :raises ApprovalRefused: ``other_person``: it is for somebody else, or somebody else opened it.
        """
        client = self.asked_by(request_id)
        request = self._taken(request_id, client, session)
        request = self._parts.timely(request)
        if request.state is not RequestState.WAITING:
            return OpenRequest(request=request, client=client)
        particulars = self._parts.particulars(request)
        return OpenRequest(request=request, client=client, particulars=particulars)

    def require_signer(self, session: SessionView) -> Resident:
        """Let a resident pass who has an eID+ that may sign now.

        :raises ApprovalRefused: ``eid_not_upgraded``, ``eid_cooling``.
        """
        with self._parts.store.transaction() as tx:
            resident = tx.residents.get(session.authentication.resident_id)
        if resident is None or resident.state is not EidState.UPGRADED:
            raise ApprovalRefused("eid_not_upgraded")
        if resident.cools(self._parts.clock.now()):
            raise ApprovalRefused("eid_cooling")
        return resident

    def document(
        self, request_id: str, number: int, session: SessionView
    ) -> tuple[OpenRequest, RequestedDocument, tuple[DrawnPage, ...]]:
        """A document with its pages, which are drawn now if they were not before.

        :raises RequestUnknown: also for a number that there is none of.
        :raises RequestOver: it is no longer waiting.
        """
        opened = self.open(request_id, session)
        if opened.particulars is None:
            raise RequestOver("signature_request_over", detail=opened.request.state.value)
        if not 1 <= number <= len(opened.particulars.documents):
            raise RequestUnknown("document_unknown")
        wanted = opened.particulars.documents[number - 1]
        return opened, wanted, self.drawn(opened.request, wanted, number)

    def drawn(
        self, request: SignatureRequest, document: RequestedDocument, number: int
    ) -> tuple[DrawnPage, ...]:
        """The page images of a document, made of exactly the bytes that are hashed."""
        if document.is_hash:
            return ()
        kept = self._parts.evidence.get(request.id, items.images(number))
        if kept is None:
            kept = self._draw(request, document, number)
        return tuple(DrawnPage(**one) for one in canonical_json.loads(kept))

    def image(self, request_id: str, number: int, page: int, session: SessionView) -> bytes:
        """A page image, PNG.

        :raises hkeid.kernel.errors.NotFound: ``page_unknown``; nobody drew it, or it is gone.
        """
        resident_id = session.authentication.resident_id
        request = self._parts.of_resident(request_id, resident_id)
        content = self._parts.evidence.get(request.id, items.image(number, page))
        if content is None:
            raise NotFound("page_unknown")
        return content

    def file(self, request_id: str, number: int, session: SessionView) -> bytes:
        """The file of a document, exactly as it will be hashed.

        :raises hkeid.kernel.errors.NotFound: ``document_unknown``; there is none, or it is gone.
        """
        request = self._parts.of_resident(request_id, session.authentication.resident_id)
        content = self._parts.evidence.get(request.id, items.document(number))
        if content is None:
            raise NotFound("document_unknown")
        return content

    # --- details ----------------------------------------------------------------------------------

    def _taken(self, request_id: str, client: Client, session: SessionView) -> SignatureRequest:
        resident_id = session.authentication.resident_id
        with self._parts.store.transaction() as tx:
            request = tx.signature_requests.get(request_id)
        if request is None:
            raise RequestUnknown("signature_request_unknown")
        if request.resident_id == resident_id:
            return request
        if request.resident_id is not None:
            raise ApprovalRefused("other_person")
        request = self._parts.timely(request)
        if request.state is not RequestState.WAITING:
            return request
        subject = self._parts.particulars(request).subject
        if subject not in {
            None,
            pairwise_subject(self._parts.keys, client.sector_identifier, resident_id),
        }:
            raise ApprovalRefused("other_person")
        taken = replace(request, resident_id=resident_id)
        with self._parts.store.transaction() as tx:
            if not tx.signature_requests.change(request, taken):
                raise ApprovalRefused("page_outdated")
            tx.audit.append(
                SignatureRequestOpened(
                    request_id=request.id, client_id=request.client_id, resident_id=resident_id
                )
            )
        return replace(taken, version=request.version + 1)

    def _draw(self, request: SignatureRequest, document: RequestedDocument, number: int) -> bytes:
        content = self._parts.item(request, items.document(number))
        if sha256(content).digest() != document.digest:
            raise RequestOver("signature_request_expired", detail="document altered")
        pages: list[dict[str, object]] = []
        for first in range(0, document.pages, _AT_ONCE):
            for one in self._parts.pages.draw((content,), first, _AT_ONCE):
                pages.append(
                    {
                        "width": one.width,
                        "height": one.height,
                        "digest": sha256(one.png).hexdigest(),
                    }
                )
                self._parts.evidence.put(request.id, items.image(number, len(pages)), one.png)
        kept = canonical_json.dumps(pages)
        self._parts.evidence.put(request.id, items.images(number), kept)
        return kept
