"""What stands on the pages of signing, gathered from the request."""

from __future__ import annotations

from collections.abc import Sequence

from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import NotFound
from hkeid.signing.requests import (
    DrawnPage,
    OpenRequest,
    RequestedDocument,
    RequestState,
    ShownAs,
    SignatureRequests,
)
from hkeid.signing.requests import SignPage as StartedPage
from hkeid_server.house import house
from hkeid_server.models import SignedLine
from hkeid_server.names import client_domain, client_name, who_asks
from hkeid_server.shell import language
from hkeid_server.signing_models import (
    DocumentPage,
    DocumentToSign,
    PagePicture,
    SignEndPage,
    SignPage,
)
from hkeid_server.visitors import ceremony_form

_KINDS = {
    RequestState.SIGNED: "signed",
    RequestState.COLLECTED: "signed",
    RequestState.REFUSED: "refused",
    RequestState.EXPIRED: "expired",
}


def requests() -> SignatureRequests:
    """The room.

    :raises hkeid.kernel.errors.NotFound: ``signing_not_served``.
    """
    rooms = house().signing
    if rooms is None:
        raise NotFound("signing_not_served")
    return rooms.requests


def address(request_id: str) -> str:
    """Where a request's page is."""
    return f"/sign/{request_id}"


def shown_as(opened: OpenRequest) -> ShownAs:
    """How the page names who asks."""
    tag = language().content
    return ShownAs(
        name=client_name(opened.client, tag), domain=client_domain(opened.client), language=tag
    )


def sign_page(
    started: StartedPage, *, problem: str | None = None, trouble: str | None = None
) -> SignPage:
    """The page with the button."""
    opened = started.opened
    particulars = opened.particulars
    assert particulars is not None
    here = address(opened.request.id)
    documents = tuple(
        _document(here, one, number, drawn)
        for number, (one, drawn) in enumerate(
            zip(particulars.documents, started.images, strict=True), 1
        )
    )
    return SignPage(
        who=who_asks(opened.client, language().content),
        purpose=particulars.purpose,
        code=particulars.code,
        documents=documents,
        ceremony=ceremony_form(
            "get",
            started.ceremony.id,
            started.ceremony.options,
            action=f"{here}/approve",
            restart=here,
            lifetime=requests().settings.lifetime,
        ),
        refuse=here,
        until=opened.request.expires_at,
        problem=problem,
        trouble=trouble,
    )


def document_page(
    opened: OpenRequest, document: RequestedDocument, number: int, drawn: Sequence[DrawnPage]
) -> DocumentPage:
    """One document of a batch."""
    here, total = address(opened.request.id), opened.request.documents
    return DocumentPage(
        who=who_asks(opened.client, language().content),
        document=_document(here, document, number, drawn),
        total=total,
        back=here,
        following=f"{here}/documents/{number + 1}" if number < total else None,
    )


def end_page(opened: OpenRequest, session: SessionView) -> SignEndPage:
    """A request that is decided."""
    request, resident_id = opened.request, session.authentication.resident_id
    record = requests().record_of(request, resident_id)
    return SignEndPage(
        kind=_KINDS[request.state],
        who=who_asks(opened.client, language().content),
        back=requests().way_back(request),
        documents=() if record is None else record.documents,
    )


def signed_lines(resident_id: str) -> tuple[SignedLine, ...]:
    """What a resident signed, newest first."""
    if house().signing is None:
        return ()
    return tuple(
        SignedLine(
            at=request.decided_at or request.created_at,
            client=said.client,
            documents=said.documents,
        )
        for request, said in requests().signed_by(resident_id)
    )


def _stamped(document: RequestedDocument) -> int | None:
    """On which page a visible stamp will stand; 0 where a prepared field says it."""
    if document.stamp is None:
        return None
    return 0 if document.stamp.box is None else document.stamp.page


def _document(
    here: str, document: RequestedDocument, number: int, drawn: Sequence[DrawnPage]
) -> DocumentToSign:
    place = f"{here}/documents/{number}"
    digits = document.digest.hex()
    return DocumentToSign(
        number=number,
        name=document.name,
        fingerprint=" ".join(digits[at : at + 4] for at in range(0, len(digits), 4)),
        file="" if document.is_hash else f"{place}/file.pdf",
        size=-(-document.size // 1024),
        pages=document.pages,
        stamp=_stamped(document),
        here=place,
        looked_at=bool(drawn),
        reason=document.reason or "",
        pictures=tuple(
            PagePicture(address=f"{place}/pages/{page}.png", width=one.width, height=one.height)
            for page, one in enumerate(drawn, 1)
        ),
    )
