"""A relying party asks for signatures; a resident sees the documents and decides.

::

    asked = requests.asking.ask(caller, members)                 # POST /signing/requests
    page = requests.approving.start(asked.request.id, session, shown, binding=browser)
    requests.approving.finish(asked.request.id, session, ceremony, answer, binding=browser)
    requests.collecting.result(caller, asked.request.id)         # the signed documents
"""

from hkeid.signing.requests.approving import SignPage
from hkeid.signing.requests.asking import Asked
from hkeid.signing.requests.display import ShownAs, SignedDocuments
from hkeid.signing.requests.door import SignatureRequestDoor
from hkeid.signing.requests.errors import (
    ApprovalRefused,
    DocumentTurnedDown,
    RequestOver,
    RequestRefused,
    RequestUnknown,
    SignatureRequestMalformed,
)
from hkeid.signing.requests.particulars import Particulars, RequestedDocument
from hkeid.signing.requests.parts import RequestParts
from hkeid.signing.requests.records import (
    RequestState,
    SignatureRequest,
    SignatureRequestRepository,
)
from hkeid.signing.requests.requests import SignatureRequests
from hkeid.signing.requests.settings import RequestSettings
from hkeid.signing.requests.viewing import DrawnPage, OpenRequest

__all__ = [
    "ApprovalRefused",
    "Asked",
    "DocumentTurnedDown",
    "DrawnPage",
    "OpenRequest",
    "Particulars",
    "RequestOver",
    "RequestParts",
    "RequestRefused",
    "RequestSettings",
    "RequestState",
    "RequestUnknown",
    "RequestedDocument",
    "ShownAs",
    "SignPage",
    "SignatureRequest",
    "SignatureRequestDoor",
    "SignatureRequestMalformed",
    "SignatureRequestRepository",
    "SignatureRequests",
    "SignedDocuments",
]
