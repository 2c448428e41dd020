"""The façade: a relying party asks, a resident looks and decides, the relying party collects."""

from __future__ import annotations

from hkeid.kernel.http import with_query
from hkeid.signing.requests.approving import RECORD_PLACE, Approving
from hkeid.signing.requests.asking import Asking
from hkeid.signing.requests.collecting import Collecting
from hkeid.signing.requests.display import SignedDocuments, read_record
from hkeid.signing.requests.parts import RequestParts
from hkeid.signing.requests.records import RequestState, SignatureRequest
from hkeid.signing.requests.viewing import Viewing

_OUTCOMES = {
    RequestState.SIGNED: "signed",
    RequestState.COLLECTED: "signed",
    RequestState.REFUSED: "refused",
    RequestState.EXPIRED: "expired",
}


class SignatureRequests:
    """Requests for signatures.

    :param issuer: goes back with the browser (RFC 9207), so that relying parties can tell providers apart.
    """

    def __init__(self, parts: RequestParts, *, issuer: str) -> None:
        self._parts = parts
        self._issuer = issuer
        self.settings = parts.settings
        self.asking = Asking(parts)
        self.viewing = Viewing(parts)
        self.approving = Approving(parts, self.viewing)
        self.collecting = Collecting(parts)

    def way_back(self, request: SignatureRequest) -> str:
        """Where the browser goes once a request is decided: the relying party's own address. What came
        of it is said there for the person; what counts, the relying party asks for itself.
        """
        parameters = [
            ("request_id", request.id),
            ("outcome", _OUTCOMES.get(request.state, "waiting")),
            ("iss", self._issuer),
        ]
        if request.client_state:
            parameters.insert(1, ("state", request.client_state))
        return with_query(request.redirect_uri, parameters)

    def signed_by(
        self, resident_id: str, *, limit: int = 100
    ) -> tuple[tuple[SignatureRequest, SignedDocuments], ...]:
        """What a resident signed, newest first."""
        with self._parts.store.transaction() as tx:
            found = tx.signature_requests.signed_by(resident_id, limit=limit)
        unseal = self._parts.fields.unseal
        return tuple(
            (one, read_record(unseal(resident_id, *RECORD_PLACE, one.id, one.record)))
            for one in found
        )

    def record_of(self, request: SignatureRequest, resident_id: str) -> SignedDocuments | None:
        """What a resident signed with a request; None where it is not signed, or not theirs."""
        if not request.state.made or request.resident_id != resident_id:
            return None
        record = self._parts.fields.unseal(resident_id, *RECORD_PLACE, request.id, request.record)
        return read_record(record)
